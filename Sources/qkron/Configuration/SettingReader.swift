/// Reads settings one after the other, and keeps every fault for one report.
struct SettingReader {
    private let source: SettingSource
    private(set) var faults: [String]

    init(_ source: SettingSource) {
        self.source = source
        faults = source.faults
    }

    /// Whether a setting is there, and is empty: for those of which that says something.
    func isEmpty(_ setting: Setting) -> Bool {
        // What cannot be read is told by whoever reads the value.
        (try? source.value(setting))?.text.isEmpty == true
    }

    /// A text; an empty one counts as none.
    mutating func text(_ setting: Setting) -> String? {
        found(setting).map(\.text)
    }

    /// An integer in `range`.
    mutating func integer(_ setting: Setting, in range: ClosedRange<Int>, default value: Int) -> Int {
        guard let (text, name) = found(setting) else { return value }
        guard let number = Int(text), range.contains(number) else {
            faults.append("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return value
        }
        return number
    }

    /// `true` or `false`, also as 1, 0, yes, no, on, off.
    mutating func boolean(_ setting: Setting, default value: Bool) -> Bool {
        guard let (text, name) = found(setting) else { return value }
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default:
            faults.append("\(name) must be true or false")
            return value
        }
    }

    /// One of the cases of `Choice`.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ setting: Setting, default value: Choice
    ) -> Choice {
        guard let (text, name) = found(setting) else { return value }
        guard let choice = Choice(rawValue: text.lowercased()) else {
            faults.append("\(name) must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            return value
        }
        return choice
    }

    /// A comma-separated list; empty items are left out.
    mutating func list(_ setting: Setting) -> [String]? {
        text(setting).map { text in
            text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
        }
    }

    /// A comma-separated list of cases of `Choice`.
    mutating func choices<Choice: RawRepresentable<String> & CaseIterable & Hashable>(
        _ setting: Setting, default value: Set<Choice>
    ) -> Set<Choice> {
        guard let names = list(setting) else { return value }
        let choices = names.compactMap(Choice.init(rawValue:))
        guard choices.count == names.count else {
            fault(setting, "may hold \(Choice.allCases.map(\.rawValue).joined(separator: ", ")), separated by commas")
            return value
        }
        return Set(choices)
    }

    /// Adds a fault of a setting.
    mutating func fault(_ setting: Setting, _ what: String) {
        faults.append("\(found(setting)?.name ?? setting.rawValue) \(what)")
    }

    private mutating func found(_ setting: Setting) -> (text: String, name: String)? {
        do {
            guard let value = try source.value(setting), !value.text.isEmpty else { return nil }
            return value
        } catch {
            for fault in error.faults where !faults.contains(fault) { faults.append(fault) }
            return nil
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
