/** What a promise fails with, when it must fail with one of our own errors. */
import { type TapprepError, isTapprepError } from '../../src/errors.ts';

/** The TapprepError that a promise rejects with. @throws whatever else it rejects with, or that it did not */
export async function failureOf(promise: Promise<unknown>): Promise<TapprepError> {
  const error = await promise.then(
    (value) => new Error(`it did not fail but gave ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (isTapprepError(error)) return error;
  throw error;
}
