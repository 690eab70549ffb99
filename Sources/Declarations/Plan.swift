import Domain

/// What has to be done so that a server has the tasks that a file wants.
package struct Plan: Sendable {
    /// A task that is there, as the API answers it.
    package struct Present: Sendable {
        package let id: String
        package let name: String
        let json: JSONValue

        /// The mark of a file that made it; nil where none did.
        package var mark: String? {
            (json.member("tags")?.elements ?? []).compactMap(\.textValue).first(where: Marker.isMark)
        }

        /// What the API answered.
        package init(id: String, name: String, json: JSONValue) {
            self.id = id
            self.name = name
            self.json = json
        }
    }

    /// One thing to be done, in the order in which it may be done.
    package enum Step: Sendable {
        case make(DeclaredTask)
        case change(Present, DeclaredTask, [Difference])
        case delete(Present)
    }

    package let steps: [Step]
    /// The tasks that are as the file wants them.
    package let unchanged: [Present]
    /// The tasks that the file made and no longer holds; `steps` deletes them where that was asked for.
    package let leftOver: [Present]
    let marker: Marker

    /// Compares.
    ///
    /// - Parameter tasks: what the file wants.
    /// - Parameter present: the caller's tasks that bear its mark, or are to be taken over by it.
    /// - Parameter prunes: whether tasks that the file no longer holds are deleted.
    /// - Throws: `PlanError` where two tasks that are there have one name.
    package init(
        _ tasks: [DeclaredTask], marker: Marker, present: [Present], prunes: Bool
    ) throws(PlanError) {
        var known: [TextKey: Present] = [:]
        for task in present {
            if let other = known.updateValue(task, forKey: TextKey(task.name)) {
                throw PlanError(name: task.name, ids: [other.id, task.id])
            }
        }
        var steps: [Step] = []
        var unchanged: [Present] = []
        let ids = known.mapValues(\.id)
        for task in tasks.inOrder {
            guard let there = known.removeValue(forKey: TextKey(task.name)) else {
                steps.append(.make(task))
                continue
            }
            let differences = task.differences(from: there.json, marker, ids)
            if differences.isEmpty {
                unchanged.append(there)
            } else {
                steps.append(.change(there, task, differences))
            }
        }
        leftOver = known.values.sorted { TextKey($0.name) < TextKey($1.name) }
        self.steps = steps + (prunes ? leftOver.map(Step.delete) : [])
        self.unchanged = unchanged
        self.marker = marker
    }

    /// The fields that make a task.
    ///
    /// - Parameter ids: of the tasks of the file that are there by now.
    package func fields(of task: DeclaredTask, _ ids: [TextKey: String]) -> JSONValue {
        var fields = task.fields
        fields["tags"] = task.tags(with: marker)
        if fields["dependencies"] != nil { fields["dependencies"] = task.dependencies(as: ids) }
        return .object(fields)
    }

    /// The fields that bring a task to what the file wants.
    ///
    /// - Parameter ids: of the tasks of the file that are there by now.
    package func fields(
        of task: DeclaredTask, _ differences: [Difference], _ ids: [TextKey: String]
    ) -> JSONValue {
        var fields: [TextKey: JSONValue] = [:]
        for difference in differences { fields[difference.key] = difference.wanted }
        if fields["dependencies"] != nil { fields["dependencies"] = task.dependencies(as: ids) }
        // Which of the variables are secret, and what they are, only makes sense together.
        if fields["env"] != nil || fields["secret_env"] != nil {
            for key in ["env", "secret_env"] as [TextKey] where fields[key] == nil { fields[key] = task.fields[key] }
        }
        return .object(fields)
    }
}

/// Two tasks that a file may change have one name, so that it cannot be told which is meant.
package struct PlanError: Error, Sendable, CustomStringConvertible {
    let name: String
    let ids: [String]

    /// One sentence that names both.
    package var description: String {
        "\(ids.count) of your tasks that are meant are named '\(name)'; delete or rename one of them: "
            + ids.joined(separator: ", ")
    }
}

extension DeclaredTask {
    fileprivate func dependencies(as ids: [TextKey: String]) -> JSONValue {
        .array(dependencies.map { .string(ids[TextKey($0)] ?? $0) })
    }
}
