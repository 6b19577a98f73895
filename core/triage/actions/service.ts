import joi from "joi";

/** Below a service's address; what would leave it is refused before it is asked. */
export const pathSchema: joi.StringSchema = joi.string().max(2_000).allow("");

export const querySchema: joi.ObjectSchema = joi
  .object()
  .pattern(joi.string().max(100), joi.alternatives(joi.string().allow(""), joi.number(), joi.boolean()))
  .max(20);
