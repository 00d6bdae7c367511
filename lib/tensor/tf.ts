/**
 * The one door to TensorFlow.js: every other file takes `tf` from here.
 *
 * TensorFlow.js takes Deno for Node.js and advises, at its first tensor, to install a package for
 * Node.js. Its production mode, which does nothing but silence its warnings, leaves that out.
 */
import * as tf from "@tensorflow/tfjs";

tf.enableProdMode();

export { tf };
