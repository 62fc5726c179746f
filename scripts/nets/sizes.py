"""Sizes of the nets measured: small ones, since the planted signals are simple and CPUs are slow.

Those of the planted streams were chosen on other seeds of the simulator than the reported one; those
of the real data by what a training costs alone, so that nothing was chosen by a reported score.
"""

# Window 6 on the planted market. A Gramian summation field cannot tell up from down:
# cos(a + b) = xy - sqrt(1 - x²) sqrt(1 - y²) is the same for (x, y) and (-x, -y), so that a window and
# its mirror image are one picture. It stands in the table as what it is.
PLANTED = {
    "lstm": "{ kind: lstm, hidden: 24, layers: 1 }",
    "gru": "{ kind: gru, hidden: 24, layers: 1 }",
    "tcn": "{ kind: tcn, channels: 16, layers: 2, dropout: 0.1 }",
    "cnn": "{ kind: cnn, channels: 16, layers: 2 }",
    "cnn_lstm": "{ kind: cnn_lstm, channels: 16, hidden: 24 }",
    "patch_tst": "{ kind: patch_tst, patch: 2, stride: 1, width: 8, heads: 2, layers: 1, "
                 "feed_forward: 16, hidden: 32, dropout: 0.1 }",
    "tsmixer": "{ kind: tsmixer, dropout: 0.1 }",
    "inception_time": "{ kind: inception_time, depth: 3, filters: 8, bottleneck: 8, kernel: 4 }",
    "fusion": "{ kind: fusion, hidden: 24, context_windows: [6] }",
    "image_cnn": "{ kind: image_cnn, picture: raster, height: 8, channels: 8, stages: 1 }",
}
# On the planted order-book stream, each with its window. The convolutions of DeepLOB use up 18 steps.
# TLOB ends in layer normalisation over a quarter of the window: of two numbers it leaves a sign, of four
# enough.
PLANTED_BOOKS = {
    "deep_lob": (24, "{ kind: deep_lob, channels: 4, inception: 4, hidden: 16 }"),
    "deep_lob_attention": (24, "{ kind: deep_lob_attention, channels: 4, inception: 4, hidden: 16 }"),
    "axial_lob": (6, "{ kind: axial_lob, channels: 4, heads: 2, final_channels: 2 }"),
    "c_tabl": (10, "{ kind: c_tabl }"),
    "bin_ctabl": (10, "{ kind: bin_ctabl }"),
    "mlp_lob": (10, "{ kind: mlp_lob, hidden: 16, layers: 2 }"),
    "tlob": (16, "{ kind: tlob, hidden: 32, layers: 1 }"),
    "two_branch": (10, "{ kind: two_branch, hidden: 16, book_hidden: 16, channels: 4 }"),
}
# What is measured and not asked of a net, and why.
CANNOT = {
    "image_cnn of gramian_sum": (
        "{ kind: image_cnn, picture: gramian_sum, channels: 8, stages: 1 }",
        "a window and its mirror image are the same picture, so it cannot tell up from down",
    ),
}

# Window 24 on real candles.
CANDLES = {
    "lstm": "{ kind: lstm, hidden: 32, layers: 1 }",
    "gru": "{ kind: gru, hidden: 32, layers: 1 }",
    "tcn": "{ kind: tcn, channels: 16, layers: 3, dropout: 0.1 }",
    "cnn": "{ kind: cnn, channels: 16, layers: 3 }",
    "cnn_lstm": "{ kind: cnn_lstm, channels: 16, hidden: 32 }",
    "patch_tst": "{ kind: patch_tst, patch: 6, stride: 6, width: 8, heads: 2, layers: 1, "
                 "feed_forward: 32, hidden: 32, dropout: 0.1 }",
    "tsmixer": "{ kind: tsmixer, feed_forward: 32, dropout: 0.1 }",
    "inception_time": "{ kind: inception_time, depth: 3, filters: 4, bottleneck: 4, kernel: 12 }",
    "fusion": "{ kind: fusion, hidden: 24, context_windows: [24] }",
    "image_cnn": "{ kind: image_cnn, picture: raster, height: 8, channels: 4, stages: 1 }",
}

# Window 24, the ten best levels of the recorded books.
BOOKS = {
    "deep_lob": "{ kind: deep_lob, channels: 8, inception: 8, hidden: 16 }",
    "deep_lob_attention": "{ kind: deep_lob_attention, channels: 8, inception: 8, hidden: 16 }",
    "axial_lob": "{ kind: axial_lob, channels: 8, heads: 2, final_channels: 2 }",
    "c_tabl": "{ kind: c_tabl }",
    "bin_ctabl": "{ kind: bin_ctabl }",
    "mlp_lob": "{ kind: mlp_lob }",
    "tlob": "{ kind: tlob, layers: 2 }",
    "two_branch": "{ kind: two_branch, hidden: 24, book_hidden: 16, channels: 8, dropout: 0.2 }",
}
