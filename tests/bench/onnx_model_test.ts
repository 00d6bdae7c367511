import { assertEquals } from "@std/assert";
import protobuf from "protobufjs";
import { onnxModel } from "../../bench/peers/onnx_model.ts";
import peer from "../../bench/peers/onnxruntime.json" with { type: "json" };
import project from "../../deno.json" with { type: "json" };

/** The fields of an encoded message by their numbers, read without a schema. */
function fields(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const reader = protobuf.Reader.create(bytes);
  const found = new Map<number, (number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const value = (tag & 7) === 2 ? reader.bytes() : Number(reader.uint64());
    found.set(tag >>> 3, [...found.get(tag >>> 3) ?? [], value]);
  }
  return found;
}

const text = (value: number | Uint8Array) => new TextDecoder().decode(value as Uint8Array);
const only = (of: Map<number, (number | Uint8Array)[]>, number: number) => {
  assertEquals(of.get(number)?.length, 1, `field ${number}`);
  return of.get(number)![0] as Uint8Array;
};

Deno.test("onnxModel() writes the fields of onnx.proto3 by their numbers", () => {
  const bytes = onnxModel({
    operator: "MatMulNBits",
    domain: "com.microsoft",
    attributes: { bits: 4 },
    constants: [{ shape: [2, 1], values: Float32Array.of(1, -2) }],
  }, [2, 1]);
  const model = fields(bytes);
  assertEquals([...model.keys()].sort(), [1, 7, 8]);
  const graph = fields(only(model, 7));
  const node = fields(only(graph, 1));
  assertEquals(node.get(1)!.map(text), ["a", "constant0"]);
  assertEquals([text(only(node, 4)), text(only(node, 7))], ["MatMulNBits", "com.microsoft"]);
  const attribute = fields(only(node, 5));
  assertEquals([text(only(attribute, 1)), attribute.get(3), attribute.get(20)], ["bits", [4], [2]]);
  const constant = fields(only(graph, 5));
  assertEquals(constant.get(2), [1]);
  const raw = only(constant, 9);
  assertEquals(new Float32Array(Uint8Array.from(raw).buffer), Float32Array.of(1, -2));
  const [a, y] = [11, 12].map((number) => fields(only(graph, number)));
  assertEquals([text(only(a, 1)), text(only(y, 1))], ["a", "y"]);
  const tensor = fields(only(fields(only(a, 2)), 1));
  const [rows, columns] = fields(only(tensor, 2)).get(1)!.map((each) => fields(each as Uint8Array));
  assertEquals([text(only(rows, 2)), columns.get(1)], ["rows", [2]]);
});

Deno.test("onnxruntime.json and deno.json name the same protobufjs", () => {
  assertEquals(peer.imports.protobufjs, project.imports.protobufjs);
});
