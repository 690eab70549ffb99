import Domain

/// The rules of a server about the fields of a task, which whoever builds the program hands in: a file is judged by
/// them before anything of it is sent.
package struct TaskJudge: Sendable {
    /// Finds what is wrong with fields as the API takes them.
    package typealias Rules = @Sendable ([TextKey: JSONValue]) -> [InputFault]

    /// What is wrong with fields by themselves, whichever there are.
    let byThemselves: Rules
    /// What is wrong with all fields of a task that is made now: a schedule that never fires, too.
    let ofNew: Rules

    /// A judge by these rules.
    package init(byThemselves: @escaping Rules, ofNew: @escaping Rules) {
        self.byThemselves = byThemselves
        self.ofNew = ofNew
    }
}

extension DeclaredTask {
    /// Stands for the ids of tasks of the same file, which are not known before they are made.
    private static let anyID = JSONValue.string("\(Identifier<TaskDefinition>())")

    /// The fields as they will be sent, as far as they can be known.
    ///
    /// - Parameter marker: nil where it is not known yet.
    func sent(with marker: Marker?) -> [TextKey: JSONValue] {
        var sent = fields
        if let marker { sent["tags"] = tags(with: marker) }
        if case .array(let names)? = fields["dependencies"] {
            sent["dependencies"] = .array(names.map { _ in Self.anyID })
        }
        return sent
    }

    /// What is wrong with the fields that could be read. What the file leaves out is judged as what it will be.
    func faults(by judge: TaskJudge) -> [InputFault] {
        var sent = sent(with: nil)
        for field in TaskField.all where sent[field.key] == nil && lines[field.key] == nil {
            if case .value(let usual) = field.otherwise, usual != .null { sent[field.key] = usual }
        }
        return judge.byThemselves(sent)
    }
}

extension Plan {
    /// What is wrong with the steps, of all that the server would refuse, as far as its rules can tell from here.
    package func faults(by judge: TaskJudge) -> [(task: DeclaredTask, fault: InputFault)] {
        steps.flatMap { step -> [(DeclaredTask, InputFault)] in
            switch step {
            case .make(let task): judge.ofNew(task.sent(with: marker)).map { (task, $0) }
            case .change(let present, let task, let differences):
                judge.ofNew(task.sent(with: marker)).filter { fault in
                    Self.concerns(fault, differences) && !Self.isKept(fault, present)
                }.map { (task, $0) }
            case .delete: []
            }
        }
    }

    /// Whether a fault is in what a change sends: what stays as it is, is not judged again.
    private static func concerns(_ fault: InputFault, _ differences: [Difference]) -> Bool {
        let changed = Set(differences.map(\.key))
        guard let key = fault.path.first.map({ TextKey($0) }), let field = TaskField.byKey[key] else { return true }
        let together = TaskField.all.filter { other in
            field.decidesTiming && other.decidesTiming || field.isOfEnvironment && other.isOfEnvironment
        }
        return ([field] + together).contains { changed.contains($0.key) }
    }

    /// Whether a fault is that a secret value is not sent which the server has.
    private static func isKept(_ fault: InputFault, _ present: Present) -> Bool {
        guard fault.type == "missing", fault.path.count == 2, fault.path[0] == "env" else { return false }
        return (present.json.member("secret_env")?.elements ?? []).contains(.string(fault.path[1]))
    }

    /// The ids of tasks outside the file that the steps would have others wait for, each with its place.
    package var newDependencies: [(task: DeclaredTask, index: Int, id: Identifier<TaskDefinition>)] {
        steps.flatMap { step -> [(DeclaredTask, Int, Identifier<TaskDefinition>)] in
            switch step {
            case .make(let task): Self.dependencies(of: task, beside: [])
            case .change(let present, let task, let differences):
                differences.contains { $0.key == "dependencies" }
                    ? Self.dependencies(
                        of: task, beside: (present.json.member("dependencies")?.elements ?? []).compactMap(\.textValue))
                    : []
            case .delete: []
            }
        }
    }

    private static func dependencies(
        of task: DeclaredTask, beside known: [String]
    ) -> [(DeclaredTask, Int, Identifier<TaskDefinition>)] {
        task.dependencies.enumerated().compactMap { index, text in
            Identifier<TaskDefinition>(text).flatMap { known.contains("\($0)") ? nil : (task, index, $0) }
        }
    }
}

extension TaskField {
    /// Whether it is judged together with the others that say when a task is due.
    fileprivate var decidesTiming: Bool {
        ["schedule_type", "schedule", "timezone", "dst_policy", "starts_at", "ends_at"].contains(key)
    }

    /// Whether it is one of the two that hold the variables.
    fileprivate var isOfEnvironment: Bool { key == "env" || key == "secret_env" }
}
