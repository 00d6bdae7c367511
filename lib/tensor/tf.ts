/**
 * The one door to TensorFlow.js: every other file takes `tf` from here.
 *
 * TensorFlow.js takes Deno for Node.js and advises, on its first tensor, to install a package for
 * Node.js. Its own flag says that this is not Node.js.
 */
import * as tf from "@tensorflow/tfjs";

tf.env().set("IS_NODE", false);

export { tf };
