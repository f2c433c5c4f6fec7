/** The documents whose claims are run, by the letters that `source` and `items` name them by. */
export const DOCUMENTS: Readonly<Record<string, string>> = {
  A: "Utah, “Theory of Machine Learning”, lecture 21: gradient descent for neural networks",
  B: "Wisconsin, CS 839, lecture 11 (Liang, 2022): the tangent kernel of a two-layer ReLU network",
  C: "A lecture on optimization: the tangent kernel by scaling with α",
  D: "Telgarsky, “Deep learning theory”, lecture 9: kernels of networks",
  E: "A project report (2024) on MIT 6.S088, lectures 2 to 5",
};
