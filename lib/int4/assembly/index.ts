export * from "./panels";
export * from "./product";
