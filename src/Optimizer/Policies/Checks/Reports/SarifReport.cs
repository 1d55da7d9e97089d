using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Policies.Checks.Reports;

/// <summary>SARIF 2.1.0 (OASIS), for code scanning: a rule a check, a result a finding. What is unknown is told among the notifications of the run, so that it raises no alert.</summary>
internal static class SarifReport
{
    private const string Schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

    public static JsonObject Of(Diagnoses diagnoses)
    {
        var rules = diagnoses.Results.Select(static (r, i) => (r.Check.Id, Index: i)).ToImmutableDictionary(static r => r.Id, static r => r.Index, StringComparer.Ordinal);
        return new JsonObject
        {
            ["$schema"] = Schema,
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject { ["driver"] = new JsonObject { ["name"] = "NetPulse", ["rules"] = new JsonArray([.. diagnoses.Results.Select(r => Rule(diagnoses, r.Check))]) } },
                ["columnKind"] = "utf16CodeUnits",
                ["invocations"] = new JsonArray(new JsonObject
                {
                    ["executionSuccessful"] = true,
                    ["toolExecutionNotifications"] = new JsonArray([.. diagnoses.Faults.Select(Fault), .. diagnoses.Unknown.Select(r => Unknown(r, rules[r.Check.Id]))]),
                }),
                ["results"] = new JsonArray([.. diagnoses.Findings.Select(f => Result(diagnoses, f.Check, f.Finding, rules[f.Check.Id]))]),
            }),
        };
    }

    private static JsonObject Rule(Diagnoses diagnoses, Check check)
    {
        var rule = new JsonObject
        {
            ["id"] = check.Id,
            ["shortDescription"] = Message(check.Problem),
            ["fullDescription"] = Message($"{check.Problem}. {check.Fix}"),
            ["help"] = new JsonObject { ["text"] = check.Fix, ["markdown"] = $"{check.Fix} [{check.Id}]({diagnoses.Link(check)})" },
            ["defaultConfiguration"] = new JsonObject { ["level"] = Level(check.Severity) },
        };

        // SARIF wants an absolute address; a path of the repository is none.
        if (Uri.TryCreate(diagnoses.Link(check), UriKind.Absolute, out var link) && !link.IsFile)
        {
            rule["helpUri"] = link.AbsoluteUri;
        }

        return rule;
    }

    private static JsonObject Result(Diagnoses diagnoses, Check check, Finding finding, int rule) => new()
    {
        ["ruleId"] = check.Id,
        ["ruleIndex"] = rule,
        ["level"] = Level(check.Severity),
        ["message"] = Message($"{check.Problem}. {finding.Object}{(finding.Path.Length > 0 ? $" {finding.Path}" : "")}: {finding.Seen}. Fix: {finding.Fix}"),
        ["locations"] = new JsonArray(new JsonObject
        {
            // What is about the cluster as a whole is shown where the objects came from.
            ["physicalLocation"] = Place(finding.File.Length > 0 ? finding.File : diagnoses.Source, finding.Line, 0),
            ["logicalLocations"] = new JsonArray(new JsonObject { ["fullyQualifiedName"] = finding.Path.Length > 0 ? $"{finding.Object} {finding.Path}" : finding.Object }),
        }),
        ["partialFingerprints"] = new JsonObject { ["netpulseFinding/v1"] = $"{check.Id} {finding.Object} {finding.Path}" },
        ["properties"] = new JsonObject { ["fix"] = finding.Fix, ["patch"] = new JsonArray([.. finding.Patch.Select(static p => p.ToJson())]), ["link"] = diagnoses.Link(check) },
    };

    private static JsonObject Fault(ObjectFileException fault) => new()
    {
        ["level"] = "error",
        ["message"] = Message(fault.Field.Length > 0 ? $"{fault.Field}: {fault.Problem}" : fault.Problem),
        ["locations"] = new JsonArray(new JsonObject { ["physicalLocation"] = Place(fault.File, fault.Line, fault.Column) }),
    };

    private static JsonObject Unknown(CheckResult result, int rule) => new()
    {
        ["level"] = "note",
        ["message"] = Message($"{result.Check.Id} is unknown for want of {string.Join("; ", result.Missing)}"),
        ["associatedRule"] = new JsonObject { ["id"] = result.Check.Id, ["index"] = rule },
    };

    /// <summary>A path relative to the working folder is shown by code scanning; an absolute one is a file: address.</summary>
    private static JsonObject Place(string file, int line, int column)
    {
        var path = Path.IsPathRooted(file) && Path.GetRelativePath(Environment.CurrentDirectory, file) is var relative && !relative.StartsWith("..", StringComparison.Ordinal) ? relative : file;
        var place = new JsonObject
        {
            ["artifactLocation"] = new JsonObject { ["uri"] = Path.IsPathRooted(path) ? new Uri(path).AbsoluteUri : string.Join('/', path.Split('/').Select(Uri.EscapeDataString)) },
        };
        var region = new JsonObject { ["startLine"] = Math.Max(1, line) };
        if (column > 0)
        {
            region["startColumn"] = column;
        }

        place["region"] = region;
        return place;
    }

    private static JsonObject Message(string text) => new() { ["text"] = text };

    private static string Level(Severity severity) => severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        _ => "note",
    };
}
