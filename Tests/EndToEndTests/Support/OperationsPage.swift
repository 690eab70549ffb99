import Foundation

/// The blocks of commands of `docs/operations.md`. Above each of them the page says, in a remark that readers do not
/// see, `run: NAME` or `not run: REASON`.
struct OperationsPage {
    /// The commands of the blocks that are to be run, by name.
    private(set) var commands: [String: String] = [:]
    /// First lines of blocks that say neither.
    private(set) var unmarked: [String] = []
    /// Names that several blocks bear.
    private(set) var ambiguous: [String] = []

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
        let page = try String(contentsOf: root.appendingPathComponent("docs/operations.md"), encoding: .utf8)
        var remark = ""
        var block: [Substring]?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.trimmingCharacters(in: .whitespaces)
            if let lines = block {
                if text == "```" {
                    add(lines.joined(separator: "\n"), remark)
                    (block, remark) = (nil, "")
                } else {
                    block?.append(line)
                }
            } else if text == "```sh" {
                block = []
            } else if !text.isEmpty {
                remark = text
            }
        }
    }

    private mutating func add(_ text: String, _ remark: String) {
        guard let said = remark.wholeMatch(of: /<!-- (run|not run): (.+) -->/)?.output else {
            unmarked.append(String(text.prefix { $0 != "\n" }))
            return
        }
        guard said.1 == "run" else { return }
        if commands.updateValue(text, forKey: String(said.2)) != nil { ambiguous.append(String(said.2)) }
    }
}
