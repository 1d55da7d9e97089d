using System.Diagnostics;
using System.Net;

namespace NetPulse.Store.Benchmarks;

/// <summary>One server, loaded over HTTP and asked.</summary>
internal static class ServerRun
{
    private const int RequestSeries = 2500;
    private const int SamplesOfEachSeries = 4;
    private const int Rounds = 5;

    /// <summary>A server whose answers take seconds is not asked again and again.</summary>
    private static readonly TimeSpan LongestAsking = TimeSpan.FromSeconds(10);

    /// <summary>A server flushes and merges behind what it has acknowledged: that belongs to its CPU time.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    public static async Task<StoreFigures> OfAsync(StoreUnderTest store, Workload work)
    {
        var directory = Directory.CreateTempSubdirectory("netpulse-bench-").FullName;
        try
        {
            var port = ServerProcess.FreePort();
            using var server = await ServerProcess.StartAsync(store.Program!, port, store.ReadyPath, store.Arguments(directory, port));
            if (store.Name == "influxdb")
            {
                (await server.Client.PostAsync("/query?q=CREATE+DATABASE+bench", null)).EnsureSuccessStatusCode().Dispose();
            }

            var before = server.CpuTime;
            foreach (var batch in work.Batches(RequestSeries, SamplesOfEachSeries))
            {
                using var body = store.Body(batch);
                using var answer = await server.Client.PostAsync(store.WritePath, body);
                if (!answer.IsSuccessStatusCode)
                {
                    throw new InvalidOperationException($"{store.Name} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                }
            }

            await Task.Delay(Settling, TimeProvider.System);
            var ingest = Workload.Samples / (server.CpuTime - before).TotalSeconds;
            var beforeQueries = server.PeakResidentMebibytes;
            var queries = store.Queries(work.End);
            var (a, b, c) = (await AskAsync(server, queries[0]), await AskAsync(server, queries[1]), await AskAsync(server, queries[2]));
            var resident = server.PeakResidentMebibytes;
            var restart = await server.RestartAfterKillAsync();
            await server.EndAsync();
            return new StoreFigures
            {
                IngestSamplesPerCpuSecond = Math.Round(ingest),
                BytesPerSample = Math.Round((double)Size(directory) / Workload.Samples, 3),
                QueryAMilliseconds = a,
                QueryBMilliseconds = b,
                QueryCMilliseconds = c,
                ResidentMebibytes = Math.Round(resident, 1),
                ResidentBeforeQueriesMebibytes = Math.Round(beforeQueries, 1),
                StartAfterKillSeconds = Math.Round(restart.TotalSeconds, 2),
            };
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <returns>Milliseconds; <see langword="null"/> where the server has no such endpoint.</returns>
    private static async Task<double?> AskAsync(ServerProcess server, string path)
    {
        var best = double.MaxValue;
        var first = Stopwatch.GetTimestamp();
        for (var round = 0; round < Rounds && (round == 0 || Stopwatch.GetElapsedTime(first) < LongestAsking); round++)
        {
            var begin = Stopwatch.GetTimestamp();
            using var answer = await server.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            if (!answer.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{path} was answered with {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            }

            await answer.Content.CopyToAsync(Stream.Null);
            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        return Math.Round(best, 1);
    }

    private static long Size(string directory) => new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
