using System.Runtime.CompilerServices;
using System.Text;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Tests.Proposals;

/// <summary>docs/causes.md is what the rules and remedies say.</summary>
public sealed class CausesPageTests
{
    /// <summary>Set to write the page anew instead of comparing it.</summary>
    private const string Write = "NETPULSE_WRITE_DOCS";

    [Fact]
    public void The_page_of_causes_is_what_the_rules_say()
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../docs/causes.md"));
        if (Environment.GetEnvironmentVariable(Write) is { Length: > 0 })
        {
            File.WriteAllText(file, Page());
        }

        Assert.True(
            File.Exists(file) && File.ReadAllText(file) == Page(),
            $"docs/causes.md is stale; write it anew: {Write}=1 dotnet test tests/Optimizer.Tests --filter {nameof(The_page_of_causes_is_what_the_rules_say)}");
    }

    private static string Page()
    {
        var page = new StringBuilder(
            $"""
            # Causes

            Generated from `src/Optimizer/Diagnosis` and `src/Optimizer/Proposals`; the test that fails when this page is stale says how.

            A cause is proven when its first piece of evidence was measured, nothing that was measured speaks against it, and two thirds of it were measured. Errors that the
            kernel counts come before shapes that fit together; then what explains more. Where none is proven the answer is `Unknown`. Values are computed from what was
            measured: the remarks of each remedy say how.

            | Cause | Kind | Proof | Refuted by | Sysctl, or advice | Takes effect for |
            |---|---|---|---|---|---|

            """);
        foreach (var about in CauseRules.All.Select(rule => rule.About))
        {
            var remedies = Remedies.All.Select(remedy => remedy.About).Where(remedy => remedy.Cause == about.Cause).ToList();
            var sysctls = string.Join("; then ", remedies.Select(remedy => string.Join(", ", remedy.Sysctls.Select(sysctl => $"`{sysctl}`"))));
            var cure = string.Join("; ", new[] { sysctls, about.Advice }.Where(text => text.Length > 0));
            var effect = string.Join("; ", remedies.Select(remedy => SysctlEffectText.Of(remedy.TakesEffect)).Distinct());
            page.Append($"| `{about.Cause}` | {(about.Strength == Strength.Error ? "error" : "shape")} | {about.Proof} | {about.Refutation} | {cure} | {(effect.Length > 0 ? effect : "–")} |\n");
        }

        return page.ToString();
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
