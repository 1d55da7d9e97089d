using System.Text.Json.Nodes;

namespace NetPulse.Optimizer.Policies.Checks.Reports;

/// <summary>The line that a reader can paste to apply a patch.</summary>
internal static class PatchCommand
{
    public static string Of(Finding finding)
    {
        var patch = new JsonArray([.. finding.Patch.Select(static p => p.ToJson())]).ToJsonString(Text);
        return $"kubectl patch {Resource(finding)} --type=json -p '{patch.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    private static readonly System.Text.Json.JsonSerializerOptions Text = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>NetworkPolicy shop/web</c> → <c>networkpolicy -n shop web</c>.</summary>
    private static string Resource(Finding finding)
    {
        var (kind, name) = (finding.Object[..finding.Object.IndexOf(' ', StringComparison.Ordinal)], finding.Object[(finding.Object.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        return name.Split('/') is [var space, var own] ? $"{kind.ToLowerInvariant()} -n {space} {own}" : $"{kind.ToLowerInvariant()} {name}";
    }
}
