using System.Text.Json.Nodes;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>What became of one case.</summary>
/// <param name="Set">The folder: <c>connectivity</c>, <c>admin</c>, <c>diff</c>, <c>redundancy</c>, <c>validation</c>.</param>
/// <param name="Wrong">Each answer that is not the expected one, with its explanation; empty when the case passed.</param>
/// <param name="Answers">All our answers, in the order and with the fields of the case.</param>
public sealed record CaseResult(string Set, string Id, IReadOnlyList<string> Wrong, JsonArray Answers)
{
    public bool IsPassed => Wrong.Count == 0;
}
