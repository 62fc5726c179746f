"""`image_cnn`: Gramian angular fields by pyts's formulas, or a raster, and a small residual network."""

import torch
from torch import nn


class Convolution(nn.Conv2d):
    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(super().forward(x))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = Convolution(inputs, outputs, 3, stride)
        self.conv2 = Convolution(outputs, outputs, 3, 1)
        if stride > 1:
            self.shortcut = Convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        y = self.conv2(torch.relu(self.conv1(x)))
        return torch.relu(y + (self.shortcut(x) if hasattr(self, "shortcut") else x))


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        self.net, stages = net, [net["channels"] * 2**stage for stage in range(net["stages"])]
        self.width = stages[-1]
        self.stem = Convolution(features, stages[0], 3, 1)
        self.blocks = nn.ModuleList(
            Block(stages[max(i - 1, 0)], channels, 1 if i == 0 else 2)
            for i, channels in enumerate(stages)
        )

    def picture(self, x):
        x = x.transpose(1, 2)
        least, most = x.amin(2, keepdim=True), x.amax(2, keepdim=True)
        level = (x - least) / (most - least)
        if self.net["picture"] == "raster":
            height = self.net["height"]
            grid = torch.arange(height - 1, -1, -1, dtype=x.dtype).reshape(1, 1, height, 1)
            return (1 - (level.unsqueeze(2) * (height - 1) - grid).abs()).clamp(min=0)
        angle = torch.arccos((level * 2 - 1).clamp(-1, 1))
        one, other = angle.unsqueeze(3), angle.unsqueeze(2)
        return torch.cos(one + other) if "sum" in self.net["picture"] else torch.sin(one - other)

    def forward(self, x):
        y = torch.relu(self.stem(self.picture(x)))
        for block in self.blocks:
            y = block(y)
        return y.mean((2, 3))


NET = {"kind": "image_cnn", "picture": "gramian_sum", "height": 8, "channels": 3, "stages": 2,
       "dropout": 0.0}
CASES = [
    dict(name="image_cnn_sum", net=NET, heads="mixed", features=2, batch=5, window=9,
         class_weights=[0.8, 0.4, 1.9], seed=51),
    dict(name="image_cnn_difference", net=NET | {"picture": "gramian_difference"}, heads="fixed",
         features=3, batch=5, window=8, class_weights=[1.0, 1.0, 1.0], seed=52),
    dict(name="image_cnn_raster", net=NET | {"picture": "raster"}, heads="learned", features=2,
         batch=5, window=10, class_weights=[1.0, 1.0, 1.0], seed=53),
]
