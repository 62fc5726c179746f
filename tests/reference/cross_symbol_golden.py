"""Golden numbers for tests/cross_symbol.rs: attention across symbols as PyTorch computes it.

Run with PyTorch and safetensors installed:  python tests/reference/cross_symbol_golden.py
It writes tests/golden/cross_symbol_<net>.safetensors. The windows of all symbols of a sample go through
one body, the target's first; `torch.nn.MultiheadAttention` with a key padding mask lets the target's
vector ask those of the symbols that are there, and what it returns is added to it. Weights and inputs are
f32 numbers, everything computed from them is computed in f64 and rounded once at the end.
"""

import importlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = Path(__file__).resolve().parent.parent / "golden"

# Samples, symbols, and who is there: the target always is, in one sample nobody else.
PRESENT = torch.tensor([[1, 1, 1], [1, 0, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1]]).bool()


class Net(nn.Module):
    def __init__(self, body, heads):
        super().__init__()
        self.body = body
        self.cross_symbol = nn.Module()
        self.cross_symbol.attention = nn.MultiheadAttention(body.width, heads, batch_first=True)
        self.heads = nn.ModuleDict(
            {"direction": nn.Linear(body.width, 3), "return": nn.Linear(body.width, 1),
             "volatility": nn.Linear(body.width, 1)}
        )

    def forward(self, views, present):
        batch, symbols = present.shape
        z = self.body(*views).reshape(batch, symbols, -1)
        own = z[:, :1]
        said, _ = self.cross_symbol.attention(own, z, z, key_padding_mask=~present)
        y = (own + said)[:, 0]
        return {name: head(y) for name, head in self.heads.items()}


def case(kind, net, window, features, heads, seed):
    torch.manual_seed(seed)
    module = importlib.import_module(f"nets.{kind}")
    model = Net(module.Body(net, window, features), heads)
    # PyTorch starts attention's biases at 0; others tell more.
    attention = model.cross_symbol.attention
    attention.in_proj_bias.data.normal_(0.0, 0.3)
    attention.out_proj.bias.data.normal_(0.0, 0.3)
    sizes = list(zip(window, features)) if isinstance(window, list) else [(window, features)]
    batch, symbols = PRESENT.shape
    views = [torch.randn(batch * symbols, *size) for size in sizes]
    tensors = {f"weight.{k.removeprefix('body.')}": v.clone() for k, v in model.state_dict().items()}
    tensors |= {f"x.{index}": view for index, view in enumerate(views)}
    tensors["present"] = PRESENT.float()[..., None]
    model.double()
    exact = [view.double().requires_grad_() for view in views]
    outputs = model(exact, PRESENT)
    # Any function of all outputs whose gradients reach all parameters.
    loss = sum((output * output).mean() + output.mean() for output in outputs.values())
    loss.backward()
    tensors |= {f"output.{name}": value.float() for name, value in outputs.items()}
    tensors["loss"] = loss.reshape(1).float()
    for name, parameter in model.named_parameters():
        tensors[f"gradient.{name.removeprefix('body.')}"] = parameter.grad.float()
    for view in exact:
        # What is not there moves nothing.
        assert (view.grad.reshape(batch, symbols, -1)[~PRESENT] == 0).all()
    tensors = {key: value.detach().contiguous() for key, value in tensors.items()}
    metadata = {
        "net": json.dumps(net),
        "cross_symbol": json.dumps({"heads": heads, "dropout": 0.0}),
        "parameters": str(sum(p.numel() for p in model.parameters())),
        "torch": torch.__version__,
    }
    save_file(tensors, FOLDER / f"cross_symbol_{kind}.safetensors", metadata=metadata)


LSTM = {"kind": "lstm", "hidden": 6, "layers": 1, "dropout": 0.0, "pooling": "attention",
        "bidirectional": False}
FUSION = {"kind": "fusion", "hidden": 4, "layers": 1, "dropout": 0.0, "join": "gating"}
case("lstm", LSTM, 5, 4, heads=3, seed=41)
case("fusion", FUSION, [6, 3], [4, 2], heads=2, seed=42)
