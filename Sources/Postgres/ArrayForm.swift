/// The binary form of an array of one dimension, written element by element into memory that is set aside once.
struct ArrayForm {
    private(set) var bytes: [UInt8] = []

    /// An array of so many elements, which take `size` bytes together; what is appended must be as many.
    init(of type: PostgresType, count: Int, size: Int) {
        bytes.reserveCapacity(20 + 4 * count + size)
        bytes.append(bigEndian: Int32(count == 0 ? 0 : 1))
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: type.oid)
        guard count > 0 else { return }
        bytes.append(bigEndian: Int32(truncatingIfNeeded: count))
        bytes.append(bigEndian: Int32(1))
    }

    mutating func append(_ content: some Collection<UInt8>) {
        bytes.append(bigEndian: Int32(truncatingIfNeeded: content.count))
        bytes.append(contentsOf: content)
    }

    mutating func appendNull() {
        // The last byte of the flag that says whether there is a NULL.
        bytes[7] = 1
        bytes.append(bigEndian: Int32(-1))
    }
}
