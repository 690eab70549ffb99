import Domain

extension TaskDefinition {
    /// The task as the caller may see it: to a viewer the values of other people's variables read null.
    func shown(to caller: Caller) -> TaskDefinition {
        guard let account = caller.principal.account, account.role == .viewer, account.id != ownerID,
            case .object(let environment)? = action.parameters["env"]
        else { return self }
        var shown = self
        var parameters = action.parameters
        parameters["env"] = .object(environment.mapValues { _ in .null })
        shown.action = Action(kind: action.kind, parameters: parameters)
        return shown
    }
}
