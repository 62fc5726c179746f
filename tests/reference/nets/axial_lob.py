"""`axial_lob`: Kisiel and Gorse 2022."""

import torch
from torch import nn
from torch.nn import functional as F


class AxialAttention(nn.Module):
    """Along the last axis of `[N, C, L]`."""

    def __init__(self, channels, heads, length):
        super().__init__()
        self.heads, values = heads, channels // heads
        self.split = [values // 2, values // 2, values]
        self.qkv_transform = nn.Linear(channels, 2 * channels, bias=False)
        self.bn_qkv = nn.BatchNorm1d(2 * channels)
        self.bn_similarity = nn.BatchNorm2d(3 * heads)
        self.bn_output = nn.BatchNorm1d(2 * channels)
        self.relative = nn.Parameter(torch.randn(2 * values, 2 * length - 1) / values**0.5)
        for name, value in {"f_qr": 0.3, "f_kr": 0.4, "f_sve": 0.6, "f_sv": 0.9}.items():
            setattr(self, name, nn.Parameter(torch.tensor([value])))
        place = torch.arange(length)
        self.distance = place[:, None] - place[None, :] + length - 1

    def forward(self, x):
        n, channels, length = x.shape
        qkv = self.bn_qkv(self.qkv_transform(x.transpose(1, 2)).transpose(1, 2))
        q, k, v = qkv.reshape(n, self.heads, -1, length).split(self.split, 2)
        q_r, k_r, v_r = self.relative[:, self.distance].split(self.split, 0)
        qk = torch.einsum("ngci,ngcj->ngij", q, k)
        qr = self.f_qr * torch.einsum("ngci,cij->ngij", q, q_r)
        kr = self.f_kr * torch.einsum("ngcj,cji->ngij", k, k_r)
        similarity = self.bn_similarity(torch.cat([qk, qr, kr], 1))
        share = torch.softmax(similarity.reshape(n, 3, self.heads, length, length).sum(1), 3)
        sv = self.f_sv * torch.einsum("ngij,ngcj->ngci", share, v)
        sve = self.f_sve * torch.einsum("ngij,cij->ngci", share, v_r)
        both = self.bn_output(torch.stack([sv, sve], 3).reshape(n, 2 * channels, length))
        return both.reshape(n, channels, 2, length).sum(2)


def along_last(attention, x):
    b, c, rows, length = x.shape
    y = attention(x.transpose(1, 2).reshape(b * rows, c, length))
    return y.reshape(b, rows, c, length).transpose(1, 2)


def along_third(attention, x):
    return along_last(attention, x.transpose(2, 3)).transpose(2, 3)


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        c, d, heads = net["channels"], net["final_channels"], net["heads"]
        self.width = d * window * features // 4
        self.CNN_in, self.CNN_res1 = nn.Conv2d(1, c, 1), nn.Conv2d(1, c, 1)
        self.CNN_out, self.CNN_res2 = nn.Conv2d(c, d, 1), nn.Conv2d(c, d, 1)
        self.norm, self.res_norm1 = nn.BatchNorm2d(c), nn.BatchNorm2d(c)
        self.norm2, self.res_norm2 = nn.BatchNorm2d(d), nn.BatchNorm2d(d)
        self.axial_width_1, self.axial_width_2 = (
            AxialAttention(c, heads, features) for _ in range(2)
        )
        self.axial_height_1, self.axial_height_2 = (
            AxialAttention(c, heads, window) for _ in range(2)
        )

    def forward(self, x):
        x = x[:, None]
        y = torch.relu(self.norm(self.CNN_in(x)))
        y = along_third(self.axial_height_1, along_last(self.axial_width_1, y))
        y = y + torch.relu(self.res_norm1(self.CNN_res1(x)))
        z = along_third(self.axial_height_2, along_last(self.axial_width_2, y))
        z = torch.relu(self.res_norm2(self.CNN_out(z))) + torch.relu(self.norm2(self.CNN_res2(y)))
        return F.avg_pool2d(z, (1, 4), (1, 4)).flatten(1)


NET = {"kind": "axial_lob", "channels": 8, "heads": 2, "final_channels": 3}
CASES = [
    dict(name="axial_lob", net=NET, heads="mixed", features=8, batch=4, window=5,
         class_weights=[0.7, 1.0, 1.6], seed=34),
]
