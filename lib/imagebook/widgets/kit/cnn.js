// The book's small convolutional networks for digits, as imagebook.models.small_cnn builds them.

import { conv2d, dense, maxPool2d, relu } from "./network.js";
import { softmax } from "./softmax.js";

/**
 * Return what every layer makes of 28 x 28 pixels from 0 to 1: maps {height, width, channels, data}, then the scores of
 * the classes and their probabilities. `weights` is an asset's {name: {shape, data}}.
 */
export function smallCnn(weights, pixels, prefix = "") {
  const input = digitImage(pixels);
  const convolution_1 = layer(weights, `${prefix}0`, input);
  const relu_1 = rectified(convolution_1);
  const pool_1 = maxPool2d(relu_1, 2);
  const convolution_2 = layer(weights, `${prefix}3`, pool_1);
  const relu_2 = rectified(convolution_2);
  const pool_2 = maxPool2d(relu_2, 2);
  const scores = dense(pool_2.data, weights[`${prefix}7.weights`].data, weights[`${prefix}7.bias`].data);
  return { input, convolution_1, relu_1, pool_1, convolution_2, relu_2, pool_2, scores, probabilities: softmax(scores) };
}

/** Return the probabilities that the network of `smallCnn` gives. */
export function pooledCnn(weights, pixels, prefix = "") {
  return smallCnn(weights, pixels, prefix).probabilities;
}

/** Return the probabilities that a network without pooling gives: its convolutions take every second step. */
export function stridedCnn(weights, pixels, prefix = "") {
  const first = rectified(layer(weights, `${prefix}0`, digitImage(pixels), 2));
  const second = rectified(layer(weights, `${prefix}2`, first, 2));
  return softmax(dense(second.data, weights[`${prefix}5.weights`].data, weights[`${prefix}5.bias`].data));
}

function digitImage(data) {
  return { height: 28, width: 28, channels: 1, data };
}

function layer(weights, name, image, stride = 1) {
  return conv2d(image, weights[`${name}.weights`], weights[`${name}.bias`].data, stride);
}

function rectified(image) {
  return { ...image, data: relu(image.data) };
}
