import Domain

/// Columns of text for people.
enum TextTable {
    /// Rows of equally many cells, each column as wide as its widest cell.
    static func render(_ rows: [[String]]) -> String {
        guard let columns = rows.first?.count else { return "" }
        let rows = rows.map { $0.map { $0.printable.replacing("\n", with: "\u{FFFD}") } }
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { index, cell in
                index == columns - 1 ? cell.0 : cell.0 + String(repeating: " ", count: cell.1 - cell.0.count + 2)
            }.joined()
        }.joined(separator: "\n")
    }
}

extension JSONValue {
    /// What stands under a key, as the cell of a table; `-` where nothing does.
    func cell(_ key: TextKey) -> String {
        switch member(key) {
        case .string(let text)? where !text.isEmpty: text
        case .integer(let number)?: "\(number)"
        case .bool(let claim)?: claim ? "yes" : "no"
        case .array(let elements)? where !elements.isEmpty:
            elements.map { $0.textValue ?? $0.serialized() }.joined(separator: ",")
        default: "-"
        }
    }
}
