/**
 * The one door to TensorFlow.js: every other file takes `tf` from here.
 *
 * TensorFlow.js takes Deno for Node.js and advises, at its first tensor, to install a package for
 * Node.js. Its production mode, which does nothing but silence its warnings, leaves that out.
 */
import * as tf from "npm:@tensorflow/tfjs@4.22.0";

tf.enableProdMode();

export { tf };
