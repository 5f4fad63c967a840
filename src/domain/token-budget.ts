/** How a prompt and its reply share the model's context; all numbers are tokens. */
export interface TokenBudget {
  readonly promptTokens: number;
  readonly contextWindow: number;
  /** Room kept for the reply. */
  readonly maxNewTokens: number;
  /** Longest prompt that leaves that room. */
  readonly maxPromptTokens: number;
  /** By how many tokens the prompt is too long; 0 when it fits. */
  readonly excess: number;
}

export function tokenBudget(promptTokens: number, contextWindow: number, maxNewTokens: number): TokenBudget {
  const maxPromptTokens = Math.max(0, contextWindow - maxNewTokens);
  return {
    promptTokens,
    contextWindow,
    maxNewTokens,
    maxPromptTokens,
    excess: Math.max(0, promptTokens - maxPromptTokens),
  };
}
