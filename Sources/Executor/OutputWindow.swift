/// The first and the last bytes of a stream, within a limit, and how many there were in all.
///
/// Takes memory only for what arrived, at most twice the limit while it grows.
struct OutputWindow: Sendable {
    /// The first bytes, at most half the limit.
    private(set) var head: [UInt8] = []
    /// How many bytes were appended in all.
    private(set) var total = 0
    /// The bytes after the head; once full, `oldest` is where they begin.
    private var ring: [UInt8] = []
    private var oldest = 0
    private let headLimit: Int
    private let ringLimit: Int

    /// A window that keeps at most `limit` bytes.
    init(limit: Int) {
        headLimit = max(limit, 0) / 2
        ringLimit = max(limit, 0) - headLimit
    }

    /// The last bytes in the order in which they came, in one or two pieces, neither of them copied.
    var tail: [ArraySlice<UInt8>] {
        oldest == 0 ? [ring[...]] : [ring[oldest...], ring[..<oldest]]
    }

    /// What is kept from an offset of the stream on, or from as near after it as anything is; at most so many bytes,
    /// and perhaps fewer than there are.
    func piece(from offset: Int, atMost limit: Int) -> (start: Int, bytes: ArraySlice<UInt8>) {
        if offset < head.count { return (offset, head[offset...].prefix(limit)) }
        let start = max(offset, total - ring.count)
        guard start < total else { return (offset, []) }
        let index = (oldest + start - (total - ring.count)) % ring.count
        return (start, ring[index...].prefix(min(limit, total - start)))
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        total += bytes.count
        var rest = bytes[...]
        if head.count < headLimit {
            let taken = rest.prefix(headLimit - head.count)
            head.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
        }
        if ring.count < ringLimit {
            let taken = rest.prefix(ringLimit - ring.count)
            ring.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
        }
        overwrite(rest.suffix(ringLimit))
    }

    /// Replaces the oldest bytes of a full ring.
    private mutating func overwrite(_ bytes: Slice<UnsafeRawBufferPointer>) {
        var rest = bytes
        while !rest.isEmpty {
            let taken = rest.prefix(ringLimit - oldest)
            ring.withUnsafeMutableBytes { ring in
                UnsafeMutableRawBufferPointer(rebasing: ring[oldest...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: taken))
            }
            oldest = (oldest + taken.count) % ringLimit
            rest = rest.dropFirst(taken.count)
        }
    }
}
