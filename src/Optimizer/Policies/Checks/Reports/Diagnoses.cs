using System.Collections.Immutable;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Policies.Checks.Reports;

/// <summary>What one run of the doctor has to say, in whatever form.</summary>
/// <param name="Faults">Input that could not be read; the rest was.</param>
/// <param name="Source">Where the objects came from, as the user gave it.</param>
/// <param name="Documents">Address of the page that explains the checks.</param>
public sealed record Diagnoses(ImmutableArray<CheckResult> Results, ImmutableArray<ObjectFileException> Faults, string Source, string Documents)
{
    public const string DefaultDocuments = "docs/checks.md";

    public IEnumerable<(Check Check, Finding Finding)> Findings => Results.SelectMany(static r => r.Findings.Select(f => (r.Check, f)));

    public IEnumerable<CheckResult> Unknown => Results.Where(static r => r.IsUnknown);

    public int Count(Severity severity) => Findings.Count(f => f.Check.Severity == severity);

    /// <summary>The check's place on the page.</summary>
    public string Link(Check check) => $"{Documents}#{check.Id}";

    internal static string Word(Severity severity) => severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        _ => "info",
    };
}
