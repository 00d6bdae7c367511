/** The one door to TensorFlow.js: every other file takes `tf` from here. */
import * as tf from "npm:@tensorflow/tfjs@4.22.0";

export { tf };
