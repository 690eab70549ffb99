/// Masks the values of secrets in a stream on its way into the window, however the stream is cut into reads.
///
/// What may be the beginning of a value is held back until the next bytes tell. Where values overlap, all of what they
/// cover becomes one mask.
struct OutputMask {
    private let patterns: SecretPatterns
    private var node: Int32 = 0
    /// Bytes held back: never more than the longest value.
    private var held: [UInt8] = []
    /// What of the held bytes is to be masked, in order and apart.
    private var found: [Range<Int>] = []
    /// Whether the first range goes on from one whose mask is written already.
    private var isOpen = false

    init(_ patterns: SecretPatterns) {
        self.patterns = patterns
    }

    /// Takes in what was read, and hands on what is certain.
    mutating func append(_ bytes: UnsafeRawBufferPointer, into window: inout OutputWindow) {
        let start = held.count
        held.append(contentsOf: bytes)
        var end = start
        for byte in bytes {
            end += 1
            node = patterns.next(node, byte)
            if node == 0 { continue }
            let length = patterns.match(node)
            if length > 0 { cover(end - length..<end) }
        }
        release(upTo: held.count - patterns.depth(node), into: &window)
    }

    /// Hands on the rest: the stream has ended.
    mutating func finish(into window: inout OutputWindow) {
        release(upTo: held.count, into: &window)
        node = 0
        isOpen = false
    }

    /// Adds a range that ends after all others, and makes one of those that overlap.
    private mutating func cover(_ range: Range<Int>) {
        var range = range
        while let last = found.last, last.upperBound > range.lowerBound {
            range = min(last.lowerBound, range.lowerBound)..<range.upperBound
            found.removeLast()
        }
        found.append(range)
    }

    private mutating func release(upTo limit: Int, into window: inout OutputWindow) {
        var place = 0
        var rest: [Range<Int>] = []
        held.withUnsafeBytes { held in
            for range in found {
                guard range.lowerBound < limit else {
                    rest.append(range)
                    continue
                }
                if range.lowerBound > place {
                    window.append(UnsafeRawBufferPointer(rebasing: held[place..<range.lowerBound]))
                }
                if !isOpen { SecretPatterns.mask.withUnsafeBytes { window.append($0) } }
                isOpen = range.upperBound > limit
                if isOpen { rest.append(limit..<range.upperBound) }
                place = min(range.upperBound, limit)
            }
            if place < limit { window.append(UnsafeRawBufferPointer(rebasing: held[place..<limit])) }
        }
        held.removeFirst(limit)
        found = rest.map { $0.lowerBound - limit..<$0.upperBound - limit }
    }
}
