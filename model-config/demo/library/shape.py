"""What a library needs to know of a model: its shape and its parameters."""

from dataclasses import dataclass

from kernels.tile import GROUP, WORD

QUANTIZATION = "q4f32_1"


@dataclass
class Shape:
    """What a Hugging Face LLaMA config.json says, as far as a library depends on it."""

    hidden: int
    layers: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    rope_theta: float
    eps: float
    tied: bool

    @classmethod
    def from_config(cls, config):
        """Raises ValueError with the field that a library cannot be built for."""
        heads = config["num_attention_heads"]
        shape = cls(
            hidden=config["hidden_size"],
            layers=config["num_hidden_layers"],
            intermediate=config["intermediate_size"],
            heads=heads,
            kv_heads=config.get("num_key_value_heads") or heads,
            head_dim=config.get("head_dim") or config["hidden_size"] // heads,
            vocab=config["vocab_size"],
            rope_theta=float(config.get("rope_theta") or 10000.0),
            eps=float(config["rms_norm_eps"]),
            tied=bool(config.get("tie_word_embeddings", False)),
        )
        if config.get("model_type", "llama") != "llama":
            raise ValueError(f"model_type: {config['model_type']!r} is not llama")
        if config.get("rope_scaling"):
            raise ValueError("rope_scaling: only plain rotary embeddings are supported")
        if config.get("hidden_act", "silu") != "silu":
            raise ValueError(f"hidden_act: {config['hidden_act']!r} is not silu")
        for name in ("hidden", "intermediate"):
            if getattr(shape, name) % GROUP:
                raise ValueError(f"{name}_size: {getattr(shape, name)} is no multiple of 32")
        if heads * shape.head_dim % GROUP or shape.head_dim % 8:
            raise ValueError(f"head_dim: {shape.head_dim} x {heads} heads is no multiple of 32")
        if heads % shape.kv_heads:
            raise ValueError(f"num_key_value_heads: {shape.kv_heads} does not divide {heads}")
        return shape

    @property
    def head(self):
        """Name of the output projection."""
        return "model.embed_tokens" if self.tied else "lm_head"

    def parameters(self):
        """(name, shape, dtype) of every parameter, in the order the functions take them."""

        def quantized(name, n, k):
            yield f"{name}.q_weight", (n, k // WORD), "uint32"
            yield f"{name}.q_scale", (n, k // GROUP), "float32"

        yield from quantized("model.embed_tokens", self.vocab, self.hidden)
        for i in range(self.layers):
            layer = f"model.layers.{i}"
            rows = (self.heads + 2 * self.kv_heads) * self.head_dim
            yield from quantized(f"{layer}.self_attn.qkv_proj", rows, self.hidden)
            yield from quantized(
                f"{layer}.self_attn.o_proj", self.hidden, self.heads * self.head_dim
            )
            yield from quantized(f"{layer}.mlp.gate_up_proj", 2 * self.intermediate, self.hidden)
            yield from quantized(f"{layer}.mlp.down_proj", self.hidden, self.intermediate)
            yield f"{layer}.input_layernorm.weight", (self.hidden,), "float32"
            yield f"{layer}.post_attention_layernorm.weight", (self.hidden,), "float32"
        yield "model.norm.weight", (self.hidden,), "float32"
        if not self.tied:
            yield from quantized("lm_head", self.vocab, self.hidden)
