// The page Stage.

export const Stage = () => null;
