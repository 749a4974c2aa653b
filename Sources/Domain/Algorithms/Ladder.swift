package import Trading

/// The arithmetic of ladders: how far out each layer is, and how large.
package enum Ladder {
    /// Offsets of layers that grow by the same factor from one to the next (B8a).
    ///
    /// The first is `base`, the last `maximum`; none is below the one before it.
    /// - Parameters:
    ///   - base: above zero.
    ///   - count: at least 1; a single layer is at `base`.
    ///   - maximum: at least `base`.
    package static func layerOffsets(base: Ratio, count: Int, maximum: Ratio) -> [Ratio] {
        precondition(base.isPositive && count >= 1 && maximum >= base, "a ladder has room")
        guard count > 1 else { return [base] }
        let factor = root(of: maximum.ratio(to: base, .down), count - 1)
        var offsets = [base]
        for _ in 1..<count {
            let next = offsets[offsets.count - 1].scaled(by: factor, .nearestEven)
            offsets.append(min(maximum, next))
        }
        offsets[count - 1] = maximum
        return offsets
    }

    /// The largest ratio whose power is not above `value`, to a part in 1e12.
    private static func root(of value: Ratio, _ power: Int) -> Ratio {
        var low = Ratio.one
        var high = value
        while high.units - low.units > 1 {
            let middle = Ratio(units: (low.units + high.units) / 2)
            var product = Ratio.one
            for _ in 0..<power where product <= value {
                product = product.scaled(by: middle, .down)
            }
            if product <= value { low = middle } else { high = middle }
        }
        return low
    }

    /// Sizes of layers that differ evenly from the nearest to the farthest (B8b).
    ///
    /// The weights go from 1 − skew to 1 + skew, so a positive skew makes the far ones larger. Each
    /// size is a multiple of `step` and within one step of its share, none is out of order, and the
    /// sum is exactly `total`.
    /// - Parameters:
    ///   - total: a multiple of `step`.
    ///   - skew: from −0.9 to 0.9.
    /// - Returns: nil where a size would be below `minimum`, or zero.
    package static func skewedSizes(
        total: Quantity, count: Int, skew: Ratio, step: Quantity, minimum: Quantity
    ) -> [Quantity]? {
        precondition(count >= 1 && step.isPositive, "a ladder has layers and a step")
        let steps = total.units / step.units
        // Weights times count − 1, in units: whole numbers throughout.
        let span = Int128(max(1, count - 1))
        let one = Ratio.one.units
        let weights = (0..<count).map { index in
            count == 1 ? one : one * span + skew.units * (2 * Int128(index) - span)
        }
        let sum = weights.reduce(0, +)
        guard steps < Int128.max / sum else { return nil }
        var sizes = weights.map { steps * $0 / sum }
        var left = steps - sizes.reduce(0, +)
        // What rounding left goes to the larger end, one step each: that keeps them in order.
        var index = skew.isNegative ? 0 : count - 1
        while left > 0 {
            sizes[index] += 1
            left -= 1
            index = skew.isNegative ? (index + 1) % count : (index + count - 1) % count
        }
        let quantities = sizes.map { Quantity(units: $0 * step.units) }
        let isFit = quantities.allSatisfy { $0.isPositive && $0 >= minimum }
        return isFit ? quantities : nil
    }
}
