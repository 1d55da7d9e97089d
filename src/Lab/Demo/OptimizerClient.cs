using System.Net.Http.Json;
using System.Text.Json;

namespace NetPulse.Lab.Demo;

/// <summary>What the lab reads from the optimizer's API: the same as the page shows.</summary>
internal sealed class OptimizerClient(int port) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromSeconds(5) };

    /// <returns><see langword="null"/> while the optimizer does not answer.</returns>
    public Task<StatusAnswer?> StatusAsync(CancellationToken cancellationToken) => ReadAsync<StatusAnswer>("api/v1/status", cancellationToken);

    /// <returns>Entries after one; none while the optimizer does not answer.</returns>
    public async Task<IReadOnlyList<JournalAnswer>> JournalAsync(long after, CancellationToken cancellationToken) =>
        await ReadAsync<List<JournalAnswer>>($"api/v1/journal?after={after}", cancellationToken) ?? [];

    public void Dispose() => http.Dispose();

    private async Task<T?> ReadAsync<T>(string path, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await http.GetFromJsonAsync<T>(path, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }
}

internal sealed record StatusAnswer(DateTimeOffset At, IReadOnlyList<TrafficAnswer> Traffic, IReadOnlyList<FindingAnswer>? Findings);

internal sealed record FindingAnswer(string Subject, string Cause, string Summary);

internal sealed record TrafficAnswer(string From, string To, string ServerPort, string Role, double BytesPerSecond, double RoundTripSeconds);

internal sealed record JournalAnswer(long Sequence, string Kind, string Subject, string Text, IReadOnlyList<string>? Details, string? Phase, ChangeAnswer? Change);

internal sealed record ChangeAnswer(string Name, string Cause, PodAnswer? Pod, IReadOnlyList<WriteAnswer> Writes);

internal sealed record PodAnswer(string Name);

internal sealed record WriteAnswer(string Sysctl, string Before, string After);
