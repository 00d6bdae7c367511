export * from "./clock";
export * from "./dot";
export * from "./int8";
export * from "./lanes_by_multiplication";
export * from "./unpacked";
