// The page Log.

export const Log = () => null;
