using System.Globalization;
using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies unused SOURCE --flows FILE [--window 7d]</c>: rules that no flow used, beside those that nothing needs whatever flows. Exit code 1 when there is one.</summary>
internal static class UnusedCommand
{
    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var file = arguments.Option("--flows") ?? throw new UsageException("--flows is missing");
        var window = arguments.Option("--window") is { } text ? Window(text) : (TimeSpan?)null;
        var source = arguments.Required("the manifests");
        arguments.End();
        var engine = await ManifestEngine.BuildAsync(source, errors);
        var faults = new List<ObjectFileException>();
        var use = ObservedUse.Of(engine, FlowFile.Read(file, faults), window);
        foreach (var fault in faults)
        {
            await errors.WriteLineAsync(fault.Message);
        }

        var seen = use.Window;
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"window: {seen.From:yyyy-MM-dd HH:mm}Z to {seen.To:yyyy-MM-dd HH:mm}Z, {seen.Length.TotalDays:0.#} days{(seen.Asked is { } asked ? $" of {asked.TotalDays:0.#} asked for" : "")}; {seen.Flows} flows, {seen.EmptyHours} hours without any; "
            + $"{seen.PodsSeen} of {seen.Pods} pods seen; coverage {100 * seen.Coverage:0} %{(seen.Unresolved > 0 ? $"; {seen.Unresolved} flows of pods that are not in the manifests, or of protocols that policies cannot state" : "")}"));
        var redundant = Redundancy.Find(engine).SelectMany(static p => p.Rules).Where(static r => r.IsRedundant).Select(static r => r.Rule).ToHashSet();
        foreach (var rule in use.Rules)
        {
            var words = rule.LastUsed is { } last ? string.Create(CultureInfo.InvariantCulture, $"used {rule.Flows} times, last {last:yyyy-MM-dd HH:mm}Z") : "used by no flow of the window";
            if (rule.LastUsed is null || redundant.Contains(rule.Rule))
            {
                await output.WriteLineAsync($"{rule.Rule}: {words}{(redundant.Contains(rule.Rule) ? "; redundant: without it everyone may talk to the same" : "")}");
            }
        }

        var unused = use.Rules.Count(static r => r.LastUsed is null);
        await output.WriteLineAsync($"{unused} of {use.Rules.Length} rules unused, {redundant.Count} redundant{(seen.Coverage < 1 ? "; what happens when nobody looked was not seen" : "")}");
        return unused + redundant.Count > 0 ? 1 : 0;
    }

    private static TimeSpan Window(string text)
    {
        var unit = text.Length > 1 ? text[^1] : ' ';
        if (!double.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || count <= 0 || unit is not ('m' or 'h' or 'd'))
        {
            throw new UsageException($"--window {text} is no length: expected a number with m, h or d, as 12h or 7d");
        }

        return unit switch
        {
            'm' => TimeSpan.FromMinutes(count),
            'h' => TimeSpan.FromHours(count),
            _ => TimeSpan.FromDays(count),
        };
    }
}
