/* SPDX-License-Identifier: Apache-2.0
 *
 * `detail` of each check: the observations behind its status, for a person with jq. What is not
 * known has no member here; `facts` holds everything.
 */
#include <cjson/cJSON.h>

#include "model/names.h"
#include "report/json_make.h"

/* Status of one step at one address. An untried step above one that failed was skipped for it. */
static void put_step(struct maker *maker, cJSON *object, const struct step *step,
                     const struct step *below)
{
    static const enum status statuses[] = {
        [OUTCOME_UNTRIED] = STATUS_UNKNOWN,
        [OUTCOME_OK] = STATUS_PASS,
        [OUTCOME_FAILED] = STATUS_FAIL,
        [OUTCOME_SKIPPED] = STATUS_SKIP,
    };
    enum status status = step->outcome <= OUTCOME_SKIPPED ? statuses[step->outcome]
                                                          : STATUS_UNKNOWN;
    enum failure reason = step->failure;

    if (step->outcome == OUTCOME_UNTRIED && below && below->outcome != OUTCOME_OK) {
        status = STATUS_SKIP;
        reason = FAILURE_BELOW;
    }
    put_text(maker, object, "status", status_name(status));
    put_reason(maker, object, reason);
    put_number(maker, object, "duration_ms", step->took_ms);
    put_number_if(maker, object, "errno", step->os_error);
    put_text_if(maker, object, "detail", step->detail);
}

static void put_answers(struct maker *maker, cJSON *detail, const struct endpoint_facts *endpoint)
{
    cJSON *answers = put_array(maker, detail, "answers");

    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        cJSON *object = append_object(maker, answers);

        put_text(maker, object, "server", answer->server);
        put_text(maker, object, "asked_as", name_of(&asked_as_names, answer->asked_as));
        put_text(maker, object, "family", name_of(&family_names, answer->family));
        put_step(maker, object, &answer->step, NULL);
        put_number(maker, object, "rcode", answer->rcode);
        put_number(maker, object, "ttl_s", answer->ttl_s);
        put_text_if(maker, object, "cname", answer->cname);
        cJSON *addresses = put_array(maker, object, "addresses");
        for (int32_t a = 0; a < answer->n_addresses; a++)
            append_text(maker, addresses, answer->addresses[a]);
    }
}

static void put_session(struct maker *maker, cJSON *object, const struct tls_session *session)
{
    put_text_if(maker, object, "version", session->version);
    put_text_if(maker, object, "cipher", session->cipher);
    put_text(maker, object, "trust_by", name_of(&trust_by_names, session->trust_by));
    put_bool(maker, object, "name_matches", session->name_matches);
    put_text_if(maker, object, "subject", session->subject);
    put_text_if(maker, object, "issuer", session->issuer);
    if (session->not_after_unix_s)
        put_time(maker, object, "not_after", session->not_after_unix_s * 1000);
    put_text_if(maker, object, "verify", session->verify);
}

static void put_head(struct maker *maker, cJSON *object, const struct http_head *head)
{
    put_number_if(maker, object, "http_status", head->status);
    put_text_if(maker, object, "server", head->server);
    put_text_if(maker, object, "request_id", head->request_id);
    put_text_if(maker, object, "error_type", head->error_type);
    put_text_if(maker, object, "via", head->via);
}

static void put_addresses(struct maker *maker, cJSON *detail, const struct endpoint_facts *endpoint,
                          enum rung rung)
{
    cJSON *addresses = put_array(maker, detail, "addresses");

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        cJSON *object = append_object(maker, addresses);

        put_text(maker, object, "address", at->address);
        put_text(maker, object, "place", name_of(&place_names, at->place));
        put_bool_if(maker, object, "from_hosts_file", at->from_hosts_file);
        put_bool_if(maker, object, "second_opinion", at->second_opinion);
        if (rung == RUNG_CONNECT) {
            put_step(maker, object, &at->steps[RUNG_CONNECT], NULL);
        } else if (rung == RUNG_TLS) {
            put_step(maker, object, &at->steps[RUNG_TLS], &at->steps[RUNG_CONNECT]);
            if (at->steps[RUNG_TLS].outcome == OUTCOME_OK ||
                at->steps[RUNG_TLS].outcome == OUTCOME_FAILED)
                put_session(maker, object, &at->session);
        } else if (rung == RUNG_HTTP) {
            put_step(maker, object, &at->steps[RUNG_HTTP], &at->steps[RUNG_TLS]);
            put_head(maker, object, &at->head);
            put_text_if(maker, object, "body_start", at->body_start);
        }
    }
}

static void put_actions(struct maker *maker, cJSON *detail, const struct endpoint_facts *endpoint)
{
    cJSON *actions = put_array(maker, detail, "actions");

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];
        cJSON *object = append_object(maker, actions);

        put_text(maker, object, "action", action->action);
        put_text(maker, object, "permission", name_of(&permission_names, action->permission));
        if (action->permission == PERMISSION_DENIED) {
            put_text(maker, object, "denied_by", name_of(&denied_by_names, action->denied_by));
            put_bool(maker, object, "explicit_deny", action->explicit_deny);
        }
        put_reason(maker, object, action->failure);
        put_text_if(maker, object, "why_not", action->why_not);
        put_text_if(maker, object, "address", action->address);
        put_number_if(maker, object, "http_status", action->status);
        put_text_if(maker, object, "code", action->code);
        put_text_if(maker, object, "message", action->message);
        put_number_if(maker, object, "duration_ms", action->took_ms);
    }
}

static void put_service(struct maker *maker, cJSON *detail, const struct facts *facts,
                        enum service service, enum rung rung)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    if (rung == RUNG_RESOLVE) {
        put_text_or_null(maker, detail, "name", facts->plan.services[service].host);
        put_answers(maker, detail, endpoint);
    } else if (rung == RUNG_AUTHORIZE) {
        put_actions(maker, detail, endpoint);
    } else {
        put_addresses(maker, detail, endpoint, rung);
    }
}

static void put_role(struct maker *maker, cJSON *detail, const struct role_facts *role,
                     enum check check)
{
    if (check == CHECK_ROLE_ATTACHED) {
        put_number_if(maker, detail, "http_status", role->info_status);
        put_text_if(maker, detail, "profile_arn", role->profile_arn);
        put_text_if(maker, detail, "code", role->info_code);
        put_text_if(maker, detail, "message", role->info_message);
        return;
    }
    put_number_if(maker, detail, "http_status", role->credentials_status);
    put_text(maker, detail, "from", name_of(&credentials_from_names, role->from));
    put_text_if(maker, detail, "code", role->code);
    put_text_if(maker, detail, "message", role->message);
    if (role->expires_unix_s)
        put_time(maker, detail, "expires", role->expires_unix_s * 1000);
}

static void put_samples(struct maker *maker, cJSON *detail, const struct clock_facts *clock)
{
    cJSON *samples = put_array(maker, detail, "samples");

    for (int32_t i = 0; i < clock->n_samples; i++) {
        cJSON *object = append_object(maker, samples);

        put_text(maker, object, "source", clock->samples[i].source);
        put_text_if(maker, object, "address", clock->samples[i].address);
        put_number(maker, object, "offset_ms", clock->samples[i].offset_ms);
        put_number(maker, object, "error_ms", clock->samples[i].error_ms);
    }
}

static void put_imds(struct maker *maker, cJSON *detail, const struct imds_facts *imds,
                     enum check check)
{
    const struct step *step = check == CHECK_IMDS_CONNECT ? &imds->connect
                              : check == CHECK_IMDS_TOKEN ? &imds->token
                                                          : &imds->identity;

    put_text_or_null(maker, detail, "address", imds->address);
    if (check == CHECK_IMDS_TOKEN)
        put_number_if(maker, detail, "http_status", imds->token_status);
    if (check == CHECK_IMDS_IDENTITY)
        put_number_if(maker, detail, "http_status", imds->identity_status);
    if (check != CHECK_IMDS_CONNECT) {
        put_text_if(maker, detail, "server", imds->server);
        put_text_if(maker, detail, "body_start", imds->body_start);
    }
    put_number_if(maker, detail, "errno", step->os_error);
    put_text_if(maker, detail, "detail", step->detail);
}

static void put_agent(struct maker *maker, cJSON *detail, const struct agent_facts *agent,
                      enum check check)
{
    if (check == CHECK_AGENT_INSTALLED) {
        put_text(maker, detail, "package", name_of(&agent_package_names, agent->package));
        put_text_or_null(maker, detail, "version", agent->version);
    } else if (check == CHECK_AGENT_ENABLED) {
        put_text_or_null(maker, detail, "unit", agent->unit);
        put_text(maker, detail, "unit_state", name_of(&unit_state_names, agent->unit_state));
    } else if (check == CHECK_AGENT_CONNECTED) {
        put_text_or_null(maker, detail, "connected_to", agent->connected_to);
    } else {
        put_text_or_null(maker, detail, "file", agent->config_file);
        put_text_if(maker, detail, "region", agent->config_region);
        put_text_if(maker, detail, "registered_as", agent->registered_as);
        put_text_if(maker, detail, "https_proxy", agent->https_proxy);
        put_text_if(maker, detail, "no_proxy", agent->no_proxy);
        put_text_if(maker, detail, "ca_bundle", agent->ca_bundle);
        put_text_if(maker, detail, "detail", agent->config.detail);
    }
}

void put_detail(struct maker *maker, struct cJSON *object, const struct facts *facts,
                enum check check)
{
    cJSON *detail = put_object(maker, object, "detail");
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung))
        put_service(maker, detail, facts, service, rung);
    else if (check_target(check) == TARGET_IMDS)
        put_imds(maker, detail, &facts->imds, check);
    else if (check_target(check) == TARGET_ROLE)
        put_role(maker, detail, &facts->role, check);
    else if (check_target(check) == TARGET_CLOCK)
        put_samples(maker, detail, &facts->clock);
    else
        put_agent(maker, detail, &facts->agent, check);
}
