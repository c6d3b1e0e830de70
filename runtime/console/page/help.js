// The page Help.

export const Help = () => null;
