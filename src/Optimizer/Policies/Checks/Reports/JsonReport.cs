using System.Text.Json.Nodes;

namespace NetPulse.Optimizer.Policies.Checks.Reports;

/// <summary>For programs: every finding, every unknown, every fault of the input.</summary>
internal static class JsonReport
{
    public static JsonObject Of(Diagnoses diagnoses) => new()
    {
        ["findings"] = new JsonArray([.. diagnoses.Findings.Select(f => new JsonObject
        {
            ["id"] = f.Check.Id,
            ["severity"] = Diagnoses.Word(f.Check.Severity),
            ["problem"] = f.Check.Problem,
            ["object"] = f.Finding.Object,
            ["path"] = f.Finding.Path,
            ["file"] = f.Finding.File,
            ["line"] = f.Finding.Line,
            ["seen"] = f.Finding.Seen,
            ["fix"] = f.Finding.Fix,
            ["patch"] = new JsonArray([.. f.Finding.Patch.Select(static p => p.ToJson())]),
            ["link"] = diagnoses.Link(f.Check),
        })]),
        ["unknown"] = new JsonArray([.. diagnoses.Unknown.Select(static r => new JsonObject { ["id"] = r.Check.Id, ["missing"] = new JsonArray([.. r.Missing.Select(static m => JsonValue.Create(m))]) })]),
        ["faults"] = new JsonArray([.. diagnoses.Faults.Select(static f => new JsonObject { ["file"] = f.File, ["line"] = f.Line, ["column"] = f.Column, ["field"] = f.Field, ["problem"] = f.Problem })]),
        ["errors"] = diagnoses.Count(Severity.Error),
        ["warnings"] = diagnoses.Count(Severity.Warning),
        ["infos"] = diagnoses.Count(Severity.Info),
    };
}
