using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using System.Text;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Ingest;

/// <summary>Credentials for the store's server. Secrets stand in files, which are read for each request, so that they can be renewed.</summary>
public sealed class StoreAccessOptions : IValidatableObject
{
    /// <summary>A file with a token, sent as <c>Authorization: Bearer</c>, or as <c>Token</c> to InfluxDB.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>For basic authentication; with a file of the password.</summary>
    public string User { get; set; } = "";

    /// <summary>A file with the password of <see cref="User"/>.</summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>Sent as <c>X-Scope-OrgID</c>: the tenant of Mimir, Cortex and Loki.</summary>
    public string Tenant { get; set; } = "";

    /// <summary>How long a request may take, its answer included: 1 s to 1 h; 100 s unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (TokenFile.Length > 0 && User.Length > 0)
        {
            yield return new ValidationResult("cannot be set beside user: a request carries one of the two", [nameof(TokenFile)]);
        }

        if ((User.Length > 0) != (PasswordFile.Length > 0))
        {
            yield return new ValidationResult("is needed with user, and only then", [nameof(PasswordFile)]);
        }
    }
}

/// <summary>Puts the credentials on each request to the store.</summary>
internal sealed class StoreAccess(StoreAccessOptions options, string tokenScheme) : DelegatingHandler(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
{
    /// <exception cref="SampleStoreException">A file of secrets cannot be read.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (options.TokenFile.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(tokenScheme, await SecretAsync(options.TokenFile, cancellationToken));
        }
        else if (options.User.Length > 0)
        {
            var pair = $"{options.User}:{await SecretAsync(options.PasswordFile, cancellationToken)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }

        if (options.Tenant.Length > 0)
        {
            request.Headers.Add("X-Scope-OrgID", options.Tenant);
        }

        return await base.SendAsync(request, cancellationToken);
    }

    private static async Task<string> SecretAsync(string file, CancellationToken cancellationToken)
    {
        var tried = $"Read the store's secret in {file}";
        string secret;
        try
        {
            secret = (await File.ReadAllTextAsync(file, cancellationToken)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SampleStoreException(tried, $"{e.Message} (store.access)", retryable: true, e);
        }

        // A header cannot carry it, and .NET's own exception would show it.
        return secret.AsSpan().ContainsAny('\r', '\n', '\0') ? throw new SampleStoreException(tried, "it must stand on one line (store.access)", retryable: true) : secret;
    }
}
