using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Hosting;

/// <summary>Who somebody is and what he may, as the API server says (TokenReview, SubjectAccessReview); answers are kept briefly, a no for less time than a yes.</summary>
/// <remarks>Tokens are kept as their SHA-256 alone. A role that was taken away goes on counting for <see cref="YesLife"/> at most.</remarks>
public sealed class AccessReviewer(KubernetesClient client, TimeProvider time)
{
    public static readonly TimeSpan YesLife = TimeSpan.FromMinutes(1);

    public static readonly TimeSpan NoLife = TimeSpan.FromSeconds(10);

    private const int MostKept = 4096;

    private readonly ConcurrentDictionary<string, (UserInfo? User, DateTimeOffset Until)> users = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string User, AccessRule Rule, string Namespace, string Name), (bool IsAllowed, DateTimeOffset Until)> answers = new();

    /// <summary>Why nobody can be asked.</summary>
    public LatestProblem Problem { get; } = new(time);

    /// <returns><see langword="null"/> when nobody has that token.</returns>
    /// <exception cref="KubernetesException">The API server could not be asked.</exception>
    public async Task<UserInfo?> WhoAsync(string token, CancellationToken cancellationToken)
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        var now = time.GetUtcNow();
        if (users.TryGetValue(key, out var known) && now < known.Until)
        {
            return known.User;
        }

        var answer = await AskAsync(() => client.ReviewAsync(new TokenReview { Spec = new TokenReviewSpec { Token = token } }, cancellationToken));
        var user = answer.Status is { Authenticated: true, User: { Username.Length: > 0 } found } ? found : null;
        Trim(users);
        users[key] = (user, now + (user is null ? NoLife : YesLife));
        return user;
    }

    /// <param name="namespace">Empty: at the cluster's scope.</param>
    /// <param name="name">Empty: every object.</param>
    /// <exception cref="KubernetesException">The API server could not be asked.</exception>
    public async Task<bool> MayAsync(UserInfo user, AccessRule rule, string @namespace, string name, CancellationToken cancellationToken)
    {
        var key = ($"{user.Uid} {user.Username} {string.Join(',', user.Groups)}", rule, @namespace, name);
        var now = time.GetUtcNow();
        if (answers.TryGetValue(key, out var known) && now < known.Until)
        {
            return known.IsAllowed;
        }

        var answer = await AskAsync(() => client.ReviewAsync(new SubjectAccessReview { Spec = Question(user, rule, @namespace, name) }, cancellationToken));
        var isAllowed = answer.Status is { Allowed: true };
        Trim(answers);
        answers[key] = (isAllowed, now + (isAllowed ? YesLife : NoLife));
        return isAllowed;
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            var answer = await ask();
            Problem.Succeeded();
            return answer;
        }
        catch (KubernetesException e)
        {
            Problem.Failed(e.Message);
            throw;
        }
    }

    private static SubjectAccessReviewSpec Question(UserInfo user, AccessRule rule, string @namespace, string name)
    {
        var question = new SubjectAccessReviewSpec { User = user.Username, Uid = user.Uid, Groups = user.Groups, Extra = user.Extra };
        var parts = rule.Resource.Split('/');
        return rule.Path.Length > 0
            ? question with { NonResourceAttributes = new NonResourceAttributes { Path = rule.Path, Verb = rule.Verb } }
            : question with { ResourceAttributes = new ResourceAttributes { Verb = rule.Verb, Group = AccessRule.Group, Resource = parts[0], Subresource = parts.ElementAtOrDefault(1) ?? "", Namespace = @namespace, Name = name } };
    }

    /// <summary>Somebody who tries many tokens must not fill our memory.</summary>
    private static void Trim<TKey, TValue>(ConcurrentDictionary<TKey, TValue> kept)
        where TKey : notnull
    {
        if (kept.Count >= MostKept)
        {
            kept.Clear();
        }
    }
}
