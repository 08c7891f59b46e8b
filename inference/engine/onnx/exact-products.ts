/**
 * The session option without which products of integers are wrong on some processors. Opens no session.
 */

/**
 * For `extra` of a session's options. x86 processors without VNNI add two products of uint8 by int8 in 16 bits, which
 * saturate: the shipped model's answers were visibly worse for it. With this option ONNX Runtime turns int8 weights into
 * uint8 when it loads them there, and nowhere else, and takes the slower kernel that is exact.
 * Source: ONNX Runtime, onnxruntime_session_options_config_keys.h, `session.x64quantprecision`.
 */
export const EXACT_PRODUCTS = { session: { x64quantprecision: '1' } } as const
