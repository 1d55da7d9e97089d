using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace NetPulse.Telemetry.Store.Http;

/// <summary>Sends a store's requests, and tells of what failed in its words and ours.</summary>
/// <param name="client">Carries authentication and the time-out.</param>
/// <param name="time">Tells how far off a <c>Retry-After</c> date is.</param>
internal sealed class StoreClient(HttpClient client, TimeProvider time)
{
    private const int LongestAnswerText = 500;

    private static readonly ProductInfoHeaderValue UserAgent = new("NetPulse", typeof(StoreClient).Assembly.GetName().Version!.ToString(3));

    /// <returns>An answer of success, its body not read yet.</returns>
    /// <exception cref="SampleStoreException">There was none.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string tried, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(request, tried, cancellationToken);
        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw Refused(answer, await WordsAsync(answer, tried, cancellationToken), tried);
        }
    }

    /// <returns>Any answer, its body not read yet, which then may take as long as the request may.</returns>
    /// <exception cref="SampleStoreException">There was none.</exception>
    public async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, string tried, CancellationToken cancellationToken)
    {
        request.Headers.UserAgent.Add(UserAgent);
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not SampleStoreException)
        {
            throw Unreachable(tried, e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SampleStoreException(tried, "it did not answer in time", retryable: true, e);
        }
    }

    /// <exception cref="SampleStoreException">They did not end in time.</exception>
    public async Task<string> WordsAsync(HttpResponseMessage answer, string tried, CancellationToken cancellationToken)
    {
        try
        {
            // Whatever character set it claims: one that .NET does not know would throw.
            return Encoding.UTF8.GetString(await ReadAsync(tried, answer.Content.ReadAsByteArrayAsync, cancellationToken)).Trim();
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not SampleStoreException)
        {
            return e.Message;
        }
    }

    /// <summary>Reads an answer's body. <see cref="HttpClient.Timeout"/> ends with its headers: a body may take as long again.</summary>
    /// <exception cref="SampleStoreException">It did not end in time.</exception>
    public async Task<T> ReadAsync<T>(string tried, Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(client.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await read(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SampleStoreException(tried, "its answer did not end in time", retryable: true, e);
        }
    }

    public SampleStoreException Refused(HttpResponseMessage answer, string words, string tried)
    {
        var retryable = (int)answer.StatusCode >= 500 || answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;
        return new SampleStoreException(tried, $"it answered {(int)answer.StatusCode}: {words[..Math.Min(words.Length, LongestAnswerText)]}", retryable)
        {
            RetryAfter = answer.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
                { Date: not null } => TimeSpan.Zero,
                _ => null,
            },
        };
    }

    /// <summary>Feeds the answer to a decoder as it comes in.</summary>
    /// <exception cref="SampleStoreException">It broke off, or is not what the decoder knows.</exception>
    public async Task DecodeAsync(HttpResponseMessage answer, JsonTokens decoder, string server, string tried, CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(tried, async token =>
            {
                await using var body = await answer.Content.ReadAsStreamAsync(token);
                await decoder.ReadAsync(body, token);
                return true;
            }, cancellationToken);
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or FormatException or InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new SampleStoreException(tried, $"the answer is none of {server} ({e.Message}): check the address", retryable: false, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not SampleStoreException)
        {
            throw Unreachable(tried, e);
        }
    }

    private static SampleStoreException Unreachable(string tried, Exception e) =>
        new(tried, $"it could not be reached ({e.Message}): check the address and the network", retryable: true, e);
}
