/// The values that must not show in a command's output, as one automaton that finds all of them in one pass (Aho and
/// Corasick, 1975): what a byte costs depends neither on how many there are nor on what is written.
struct SecretPatterns: Sendable {
    /// What stands in the place of a value.
    static let mask = Array("***".utf8)
    /// Values of fewer characters are not masked: they would be found in too much that is none of them.
    private static let shortest = 6

    /// A beginning of a value, at a node of the tree of all of them; the root is the empty one.
    private struct Node {
        let byte: UInt8
        let depth: Int32
        var child: Int32 = 0
        var sibling: Int32 = 0
        /// The longest end of this beginning that is a beginning itself.
        var fallback: Int32 = 0
        /// How long the longest value is that ends here; 0: none does.
        var match: Int32 = 0
    }

    private var nodes = [Node(byte: 0, depth: 0)]
    /// The nodes below the root, by their bytes: nearly all output is looked up here alone.
    private var first = [Int32](repeating: 0, count: 256)

    /// Finds these values, each without the line ends after it, which a shell strips, and the lines of each that has
    /// several, which programs write one by one; nil where none is long enough.
    init?(of values: some Sequence<String>) {
        for value in values {
            let whole = value.unicodeScalars[...]
            for text in [whole, whole.trimmed(of: \.endsLine)] + Self.lines(of: whole)
            where text.count >= Self.shortest {
                add(Array(String(text).utf8))
            }
        }
        guard nodes.count > 1 else { return nil }
        link()
    }

    /// The lines of a value that has line ends, without the blanks around them.
    private static func lines(of value: Substring.UnicodeScalarView) -> [Substring.UnicodeScalarView] {
        guard value.contains(where: \.endsLine) else { return [] }
        return value.split(whereSeparator: \.endsLine).map { line in
            line.drop(while: \.isBlank).trimmed(of: \.isBlank)
        }
    }

    /// The node after one more byte.
    func next(_ node: Int32, _ byte: UInt8) -> Int32 {
        var node = node
        while node != 0 {
            if let child = child(of: node, byte) { return child }
            node = nodes[Int(node)].fallback
        }
        return first[Int(byte)]
    }

    /// How many of the latest bytes may be the beginning of a value.
    func depth(_ node: Int32) -> Int { Int(nodes[Int(node)].depth) }

    /// How many of the latest bytes are the longest value that ends with them; 0: they are none.
    func match(_ node: Int32) -> Int { Int(nodes[Int(node)].match) }

    private mutating func add(_ bytes: [UInt8]) {
        var node: Int32 = 0
        for byte in bytes {
            if let known = child(of: node, byte) {
                node = known
            } else {
                let new = Int32(nodes.count)
                nodes.append(
                    Node(byte: byte, depth: nodes[Int(node)].depth + 1, sibling: nodes[Int(node)].child))
                nodes[Int(node)].child = new
                if node == 0 { first[Int(byte)] = new }
                node = new
            }
        }
        nodes[Int(node)].match = nodes[Int(node)].depth
    }

    private func child(of node: Int32, _ byte: UInt8) -> Int32? {
        var child = nodes[Int(node)].child
        while child != 0 {
            if nodes[Int(child)].byte == byte { return child }
            child = nodes[Int(child)].sibling
        }
        return nil
    }

    /// Sets the fallbacks, of short beginnings first: a longer one's is found by those of shorter ones.
    private mutating func link() {
        var queue: [Int32] = [0]
        var place = 0
        while place < queue.count {
            let node = queue[place]
            place += 1
            var child = nodes[Int(node)].child
            while child != 0 {
                let byte = nodes[Int(child)].byte
                let fallback = node == 0 ? 0 : next(nodes[Int(node)].fallback, byte)
                nodes[Int(child)].fallback = fallback
                nodes[Int(child)].match = max(nodes[Int(child)].match, nodes[Int(fallback)].match)
                queue.append(child)
                child = nodes[Int(child)].sibling
            }
        }
    }
}

extension Unicode.Scalar {
    fileprivate var endsLine: Bool { self == "\n" || self == "\r" }
    fileprivate var isBlank: Bool { self == " " || self == "\t" }
}

extension Substring.UnicodeScalarView {
    /// The same without what its end has of these.
    fileprivate func trimmed(of isOut: (Unicode.Scalar) -> Bool) -> Self {
        self[..<(lastIndex { !isOut($0) }.map(index(after:)) ?? startIndex)]
    }
}

extension RunOrder {
    /// What must not show in its output.
    var secrets: SecretPatterns? {
        guard !secretNames.isEmpty else { return nil }
        let names = Set(secretNames)
        return SecretPatterns(
            of: environment.lazy.compactMap { entry in
                guard let equals = entry.utf8.firstIndex(of: UInt8(ascii: "=")),
                    names.contains(String(entry[..<equals]))
                else { return nil }
                return String(entry[entry.utf8.index(after: equals)...])
            })
    }
}
