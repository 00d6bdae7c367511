/** The part of npm:safetensors that is used here; the package ships no types. */
declare const safetensors: {
  SafeTensor: new (file: Uint8Array) => {
    metadata: Map<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
    /** The bytes of a tensor. */
    getTensor(name: string): Uint8Array;
  };
};
export default safetensors;
