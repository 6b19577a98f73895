import joi from "joi";

/** Below a service's address; what would leave it is refused before it is asked. What a template inserts is a part of one segment. */
export const pathSchema: joi.StringSchema = joi.string().max(2_000).allow("").meta({ segments: true });

export const querySchema: joi.ObjectSchema = joi
  .object()
  .pattern(joi.string().max(100), joi.alternatives(joi.string().allow(""), joi.number(), joi.boolean()))
  .max(20);
