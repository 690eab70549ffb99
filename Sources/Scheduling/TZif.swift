/// Reads compiled time zone files (RFC 9636, version 2 and later: the 64-bit block and the rule after it).
enum TZif {
    static let magic: [UInt8] = [0x54, 0x5A, 0x69, 0x66]
    private static let headerLength = 44
    /// Beyond the oldest and youngest instants that the database's compiler writes; keeps the sums from overflowing.
    private static let farthest = 1 << 60

    /// The counts of a block's header, in the order of the file.
    private struct Counts {
        let utcMarks: Int
        let standardMarks: Int
        let leapSeconds: Int
        let transitions: Int
        let types: Int
        let characters: Int

        func length(timeSize: Int) -> Int {
            transitions * (timeSize + 1) + types * 6 + characters + leapSeconds * (timeSize + 4) + standardMarks
                + utcMarks
        }
    }

    /// The zone's offsets, or nil if the file is damaged, counts leap seconds or is of the 32-bit version 1.
    static func table(from file: [UInt8]) -> ZoneTable? {
        guard let old = counts(in: file, at: 0), file[4] >= UInt8(ascii: "2") else { return nil }
        let header = headerLength + old.length(timeSize: 4)
        guard let block = counts(in: file, at: header), block.types > 0, block.leapSeconds == 0 else { return nil }
        let times = header + headerLength
        let footer = times + block.length(timeSize: 8)
        guard footer <= file.count else { return nil }
        let indexes = times + block.transitions * 8
        let types = indexes + block.transitions
        let offsets = (0..<block.types).map { Int(Int32(truncatingIfNeeded: bigEndian(file, types + $0 * 6, size: 4))) }
        // RFC 9636: offsets stay within -25 and +26 hours.
        guard offsets.allSatisfy({ (-89_999...93_599).contains($0) }) else { return nil }

        var table = ZoneTable(initialOffset: offsets[0])
        var last: Int?
        for index in 0..<block.transitions {
            let type = Int(file[indexes + index])
            let instant = bigEndian(file, times + index * 8, size: 8)
            guard (-farthest...farthest).contains(instant), type < offsets.count,
                table.append(instant, offset: offsets[type])
            else { return nil }
            last = instant
        }
        let text = file[footer...].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).first ?? []
        guard !text.isEmpty else { return table }
        guard let rule = PosixRule(text) else { return nil }
        table.extend(by: rule, after: last)
        return table
    }

    private static func counts(in file: [UInt8], at start: Int) -> Counts? {
        guard file.count >= start + headerLength, file[start..<start + 4].elementsEqual(magic) else { return nil }
        let numbers = (0..<6).map { bigEndian(file, start + 20 + $0 * 4, size: 4) }
        return Counts(
            utcMarks: numbers[0], standardMarks: numbers[1], leapSeconds: numbers[2], transitions: numbers[3],
            types: numbers[4], characters: numbers[5])
    }

    private static func bigEndian(_ file: [UInt8], _ start: Int, size: Int) -> Int {
        Int(truncatingIfNeeded: file[start..<start + size].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
