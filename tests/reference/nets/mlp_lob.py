"""`mlp_lob`: MLPLOB of Berti and Kasneci 2025, written for this purpose."""

from torch import nn
from torch.nn import functional as F

from ._bilinear import BiN


class Mlp(nn.Module):
    def __init__(self, inputs, between, outputs):
        super().__init__()
        self.fc = nn.Linear(inputs, between)
        self.fc2 = nn.Linear(between, outputs)
        self.layer_norm = nn.LayerNorm(outputs)
        # PyTorch starts them at 1 and 0, which would not tell them apart.
        nn.init.uniform_(self.layer_norm.weight, 0.5, 1.5)
        nn.init.normal_(self.layer_norm.bias, std=0.1)

    def forward(self, x):
        y = self.fc2(F.gelu(self.fc(x)))
        return F.gelu(self.layer_norm(x + y if y.shape == x.shape else y))


class Shrink(nn.Module):
    def __init__(self, total):
        super().__init__()
        self.layers = nn.ModuleList()
        while total > 128:
            self.layers.append(nn.Linear(total, total // 4))
            total //= 4
        self.width = total

    def forward(self, x):
        for layer in self.layers:
            x = F.gelu(layer(x))
        return x


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        hidden = net["hidden"]
        self.norm_layer = BiN(window, features)
        self.first_layer = nn.Linear(features, hidden)
        self.layers = nn.ModuleList()
        for _ in range(net["layers"] - 1):
            self.layers.append(Mlp(hidden, 4 * hidden, hidden))
            self.layers.append(Mlp(window, 4 * window, window))
        self.layers.append(Mlp(hidden, 2 * hidden, hidden // 4))
        self.layers.append(Mlp(window, 2 * window, window // 4))
        self.final_layers = Shrink((hidden // 4) * (window // 4))
        self.width = self.final_layers.width

    def forward(self, x):
        x = F.gelu(self.first_layer(self.norm_layer(x)))
        for layer in self.layers:
            x = layer(x).transpose(1, 2)
        return self.final_layers(x.flatten(1))


NET = {"kind": "mlp_lob", "hidden": 14, "layers": 2, "dropout": 0.0}
CASES = [
    # Neither hidden units nor steps are a multiple of 4.
    dict(name="mlp_lob", net=NET, heads="mixed", features=5, batch=4, window=13,
         class_weights=[0.8, 0.4, 1.9], seed=25),
    dict(name="mlp_lob_1_layer", net=NET | {"layers": 1, "hidden": 12}, heads="learned",
         features=3, batch=4, window=16, class_weights=[1.0, 1.0, 1.0], seed=26),
]
