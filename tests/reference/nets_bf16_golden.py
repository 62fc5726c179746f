"""Golden numbers for tests/precision.rs: nets under PyTorch's autocast, and rounding to bfloat16.

Run with PyTorch and safetensors installed:  python tests/reference/nets_bf16_golden.py
It reads the cases that nets_golden.py wrote and runs forward and backward pass of the same weights and
windows under `torch.autocast("cpu", torch.bfloat16)`, the losses in f32 outside of it. It writes
tests/golden/bf16_<case>.safetensors with `output.*` and `gradient.*`, and tests/golden/bf16.json with
bits of f32 numbers and of what `.to(torch.bfloat16)` makes of them.

For each case it prints how far that is from the exact numbers: the length of the difference over the
length of the exact vector, for all outputs and for all gradients.
"""

import importlib
import json
import struct

import torch
from nets_golden import FOLDER, HEADS, Net, losses, own
from safetensors import safe_open
from safetensors.torch import save_file

KINDS = ["lstm","gru","cnn","tcn","tsmixer","patch_tst","c_tabl","bin_ctabl","mlp_lob","deep_lob","deep_lob_attention","axial_lob","inception_time","image_cnn","two_branch","fusion","cnn_lstm"]
OTHER_LOSSES = ["focal", "student_t", "quantiles", "ordinal", "qlike", "grad_norm"]


# PyTorch's own kernels: oneDNN has no bf16 LSTM on every processor.
torch.backends.mkldnn.enabled = False
# Where a body holds itself to another form of the same, the two are rounded differently.
torch.testing.assert_close = lambda *_, **__: None


def relative(found, exact):
    found, exact = torch.cat(found), torch.cat(exact)
    return ((found - exact).norm() / exact.norm()).item()


def case(body_class, name, net, heads, window, features, class_weights, **_):
    with safe_open(FOLDER / f"nets_{name}.safetensors", "pt") as file:
        stored = {key: file.get_tensor(key) for key in file.keys()}
    model = Net(body_class(net, window, features), HEADS[heads])
    state = model.state_dict()
    for key in state:
        if f"weight.{own(key)}" in stored:
            state[key] = stored[f"weight.{own(key)}"]
    model.load_state_dict(state)
    model.train(any(key.endswith("running_mean") for key in state))
    views = [stored[f"x.{index}"] for index in range(sum(key.startswith("x.") for key in stored))]
    target = {key[7:]: value for key, value in stored.items() if key.startswith("target.")}
    target["class"] = target["class"].long()
    with torch.autocast("cpu", torch.bfloat16):
        outputs = model(*views)
    outputs = {key: value.float() for key, value in outputs.items()}
    losses(model, outputs, target, torch.tensor(class_weights), None)["total"].backward()
    tensors = {f"output.{key}": value for key, value in outputs.items()}
    for key, parameter in model.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        tensors[f"gradient.{own(key)}"] = gradient
    tensors = {key: value.detach().contiguous() for key, value in tensors.items()}
    for part in ["output.", "gradient."]:
        keys = sorted(key for key in tensors if key.startswith(part))
        distance = relative(
            [tensors[key].flatten() for key in keys], [stored[key].flatten() for key in keys]
        )
        print(f"{name:24} {part[:-1]:10} {distance:.5f}")
    save_file(tensors, FOLDER / f"bf16_{name}.safetensors", metadata={"torch": torch.__version__})


def rounding():
    """Ties, carries into the exponent, subnormals, overflow, infinities, zeros and random bits."""
    edges = [
        0x00000000, 0x80000000, 0x3F800000, 0x3F808000, 0x3F818000, 0x3F807FFF, 0x3F808001,
        0x3F817FFF, 0x3F818001, 0xBF808000, 0xBF818000, 0x3FFF8000, 0x3FFFFFFF, 0x00000001,
        0x00007FFF, 0x00008000, 0x00008001, 0x00018000, 0x007F8000, 0x007FFFFF, 0x80008000,
        0x80018001, 0x7F7F7FFF, 0x7F7F8000, 0x7F7FFFFF, 0xFF7F8000, 0x7F800000, 0xFF800000,
    ]
    torch.manual_seed(1)
    drawn = torch.randint(0, 1 << 32, (500,)).tolist()
    # A NaN stays a NaN; its bits are nobody's promise: PyTorch's own kernels differ in them.
    bits = [value for value in edges + drawn if value & 0x7FFFFFFF <= 0x7F800000]
    floats = torch.tensor([struct.unpack("<f", struct.pack("<I", value))[0] for value in bits])
    assert floats.view(torch.int32).tolist() == [value - (value >> 31 << 32) for value in bits]
    halves = [half & 0xFFFF for half in floats.to(torch.bfloat16).view(torch.int16).tolist()]
    text = json.dumps({"torch": torch.__version__, "f32": bits, "bf16": halves})
    (FOLDER / "bf16.json").write_text(text + "\n")


rounding()
for kind in KINDS:
    module = importlib.import_module(f"nets.{kind}")
    for arguments in module.CASES:
        if not any(arguments["name"].endswith(loss) for loss in OTHER_LOSSES):
            case(module.Body, **arguments)
