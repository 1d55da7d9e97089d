using System.Diagnostics;

namespace NetPulse.Benchmarks.Collector;

/// <summary>CPU time per operation with an agent over that without it.</summary>
/// <param name="Ratio">Median over pairs of neighbouring blocks.</param>
/// <param name="Low">Lower end of the 95 % interval of the median, by bootstrap.</param>
/// <param name="High">Its upper end.</param>
/// <param name="NanosecondsWithout">Of one operation, median.</param>
/// <param name="RatioWithAgent">As the ratio, with the agent's own CPU time added, wherever it ran.</param>
/// <param name="Pairs">How many.</param>
internal sealed record CostRatio(double Ratio, double Low, double High, double NanosecondsWithout, double RatioWithAgent, int Pairs);

/// <summary>Runs every workload in blocks without and with an agent, each block in short slices.</summary>
/// <remarks>The order within a pair alternates, so that what drifts (other work, the clock's rate) falls on both sides alike.</remarks>
internal sealed class SideBySide(IReadOnlyList<IWorkload> workloads, int pairs, TimeSpan slice)
{
    private const int SlicesPerBlock = 5;
    private const int Resamples = 2_000;

    /// <summary>What an agent does in its first seconds is no part of what it costs from then on.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(4);

    public IReadOnlyDictionary<string, CostRatio> Run(Func<Agent> start)
    {
        var without = workloads.ToDictionary(each => each.Name, _ => new List<Block>(), StringComparer.Ordinal);
        var with = workloads.ToDictionary(each => each.Name, _ => new List<Block>(), StringComparer.Ordinal);
        RunAll(without, null);
        Array.ForEach([.. without.Values], list => list.Clear());
        for (var pair = 0; pair < pairs; pair++)
        {
            foreach (var isWith in pair % 2 == 0 ? new[] { false, true } : [true, false])
            {
                if (isWith)
                {
                    using var agent = start();
                    using var never = new ManualResetEventSlim();
                    never.Wait(Settling);
                    RunAll(with, agent);
                }
                else
                {
                    RunAll(without, null);
                }
            }

            Console.Error.WriteLine($"pair {pair + 1} of {pairs}");
        }

        return workloads.ToDictionary(each => each.Name, each => Compare(without[each.Name], with[each.Name]), StringComparer.Ordinal);
    }

    private void RunAll(Dictionary<string, List<Block>> blocks, Agent? agent)
    {
        foreach (var workload in workloads)
        {
            blocks[workload.Name].Add(RunBlock(workload, agent));
        }
    }

    private Block RunBlock(IWorkload workload, Agent? agent)
    {
        var costs = new double[SlicesPerBlock];
        var agentBefore = agent?.CpuTime ?? default;
        long operations = 0;
        for (var i = 0; i < SlicesPerBlock; i++)
        {
            var since = Stopwatch.GetTimestamp();
            var before = PinnedThread.CpuNanoseconds();
            long done = 0;
            while (Stopwatch.GetElapsedTime(since) < slice)
            {
                for (var n = 0; n < 16; n++)
                {
                    workload.Run();
                }

                done += 16;
            }

            costs[i] = (double)(PinnedThread.CpuNanoseconds() - before) / done;
            operations += done;
        }

        return new Block(Median(costs), ((agent?.CpuTime ?? default) - agentBefore).TotalNanoseconds / operations);
    }

    private static CostRatio Compare(List<Block> without, List<Block> with)
    {
        var ratios = without.Zip(with, (a, b) => b.Nanoseconds / a.Nanoseconds).ToArray();
        var whole = without.Zip(with, (a, b) => (b.Nanoseconds + b.AgentNanoseconds) / a.Nanoseconds).ToArray();
        var random = new Random(1);
        var medians = new double[Resamples];
        var resample = new double[ratios.Length];
        for (var i = 0; i < Resamples; i++)
        {
            for (var j = 0; j < resample.Length; j++)
            {
                resample[j] = ratios[random.Next(ratios.Length)];
            }

            medians[i] = Median(resample);
        }

        Array.Sort(medians);
        return new CostRatio(
            Math.Round(Median(ratios), 4),
            Math.Round(medians[(int)(Resamples * 0.025)], 4),
            Math.Round(medians[(int)(Resamples * 0.975)], 4),
            Math.Round(Median(without.Select(block => block.Nanoseconds))),
            Math.Round(Median(whole), 4),
            ratios.Length);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private readonly record struct Block(double Nanoseconds, double AgentNanoseconds);
}
