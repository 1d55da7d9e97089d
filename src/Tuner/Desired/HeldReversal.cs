using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Objects;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Desired;

/// <summary>Puts back everything that a Tuner, which no longer runs, has changed.</summary>
public static class HeldReversal
{
    /// <summary>Prints a line for each value.</summary>
    /// <returns>0 when nothing of ours is left, 1 when something could not be put back.</returns>
    /// <exception cref="StartRefusedException">A Tuner runs on that directory, or it is not there.</exception>
    public static async Task<int> RunAsync(string stateDirectory, TextWriter output, TimeProvider time)
    {
        if (!Directory.Exists(stateDirectory))
        {
            throw new StartRefusedException($"there is no state directory {stateDirectory}; give the one of the Tuner's settings");
        }

        using var state = StateDirectory.Open(stateDirectory);
        using var held = HeldValues.Open(state, BootId.Read(), NullLogger<HeldValues>.Instance);
        using var sysctls = new NamespaceSysctls();
        using var metrics = new TunerMetrics();
        var holder = new ValueHolder(held, sysctls, metrics, time, NullLogger<ValueHolder>.Instance);

        var results = holder.RestoreAll(held.All, "it was asked for");
        foreach (var (value, outcome) in results)
        {
            await output.WriteLineAsync($"{value.Setting}: {value.Path} {value.Sysctl}: {outcome.State}: {outcome.Message} ({value.Written} → {(outcome.Value.Length > 0 ? outcome.Value : "-")})");
        }

        await output.WriteLineAsync($"{results.Count(r => r.Outcome.State == SettingState.Reverted)} of {results.Count} values put back");
        return results.Any(r => r.Outcome.State == SettingState.Failed) ? 1 : 0;
    }
}
