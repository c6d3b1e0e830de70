// The page Network.

export const Network = () => null;
