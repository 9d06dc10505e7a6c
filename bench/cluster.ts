/** Two relays over a Redis of their own, against one. */
export async function overRedis(_rounds: number, _count: number): Promise<{ two: number; one: number } | undefined> {
  return undefined;
}
