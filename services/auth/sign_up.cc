// Becoming a member: the account, its password, and the mail that proves the address.

#include "base/json.h"
#include "base/text.h"
#include "services/auth/auth.h"
#include "services/auth/scopes.h"

namespace kith::auth {
namespace {

bool is_email(std::string_view email) {
  auto const at = email.find('@');
  if (at == 0 || at == std::string_view::npos || at + 3 > email.size() || email.size() > 254) return false;
  if (email.find('@', at + 1) != std::string_view::npos || email.find('.', at) == std::string_view::npos) return false;
  for (char const c : email)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '<' || c == '>' || c == ',' || c == ';' || c == '"')
      return false;
  return email.back() != '.' && email[at + 1] != '.';
}

// One field is wrong: the sentence for people, and the form's details as existing apps show them.
Error wrong(std::string_view field, std::string_view why, std::string say) {
  std::string fields = "{\"" + std::string(field) + "\":[{\"error\":\"" + std::string(why) + "\",\"description\":";
  append_json(fields, say);
  fields += "}]}";
  return Error{Code::invalid, std::move(say), {}, std::move(fields)};
}

void check_request(SignUpRequest const& request) {
  if (!handle_key(request.handle))
    throw wrong("username", "ERR_INVALID",
                "A handle has 1 to 30 of the letters a to z, digits and _, and . or - inside");
  if (!request.email.empty() && !is_email(request.email))
    throw wrong("email", "ERR_INVALID", "This is no e-mail address; it should look like ada@example.org");
  if (!request.password.empty() && request.password.size() < password_min)
    throw wrong("password", "ERR_TOO_SHORT", "A password has at least 8 characters");
  if (request.password.size() > password_bytes_max)
    throw wrong("password", "ERR_TOO_LONG", "A password has at most 1,024 bytes");
  if (request.by_admin) return;
  if (request.email.empty()) throw wrong("email", "ERR_BLANK", "An e-mail address is needed");
  if (request.password.empty()) throw wrong("password", "ERR_BLANK", "A password is needed");
  if (!request.agreement)
    throw wrong("agreement", "ERR_ACCEPTED", "Please agree to the rules of this community (agreement)");
}

}  // namespace

Task<PasswordHash> Auth::hash_password(Call, Password request) {
  if (request.password.size() < password_min)
    throw wrong("password", "ERR_TOO_SHORT", "A password has at least 8 characters");
  co_return PasswordHash{co_await needs_.passwords.hash(std::move(request.password))};
}

Task<SignedUp> Auth::sign_up(Call call, SignUpRequest request) {
  Settings const& settings = settings_.now();
  if (!request.by_admin && settings.sign_up == SignUpMode::closed)
    throw Error{Code::forbidden, "This community takes no new members at the moment"};
  check_request(request);

  users::CreateAccount create{.handle = request.handle, .role = request.role};
  if (!request.email.empty()) create.email_key = needs_.lookup.of("email", fold(trim(request.email)));
  create.locked = settings.lock_new_accounts;
  create.approved = request.by_admin || settings.sign_up == SignUpMode::open;
  create.confirmed = request.by_admin ? request.confirmed : !settings.confirm_email;
  create.display_name = request.display_name;
  create.language = request.language;
  create.account = request.account ? request.account : needs_.tables.ids().mint_as<AccountId>();
  bool const confirmed = create.confirmed;
  bool const pending = !create.approved || !create.confirmed;

  std::string hash = std::move(request.password_hash);
  if (hash.empty() && !request.password.empty()) hash = co_await needs_.passwords.hash(request.password);

  users::Created created;
  try {
    created = co_await needs_.users.create(call, create);
  } catch (Error const& error) {
    if (error.code != Code::conflict) throw;
    bool const email = error.say.find("e-mail") != std::string::npos;
    throw wrong(email ? "email" : "username", "ERR_TAKEN", error.say);
  }
  // The account is there first: a sign-up cut off here has no password, and its names lapse no more,
  // but `kith admin` can give it one. The other order would seal for nobody.
  std::string code;
  Credential credential{.account = created.account, .password_hash = hash, .email = Sealed(request.email)};
  credential.email_key = create.email_key;
  credential.confirmed = confirmed;
  if (!confirmed) {
    code = random_token(needs_.random);
    credential.confirmation_hash = token_hash(code);
    credential.confirmation_sent_at = needs_.clock.now();
  }
  Change change;
  change.put(credential);
  co_await needs_.tables.commit(std::move(change));
  if (!confirmed && !request.email.empty())
    co_await send_confirmation(created.account, request.email, to_string(created.account) + '_' + code,
                               request.base_url);

  SignedUp answer{.account = created.account, .pending = pending};
  if (!request.app) co_return answer;
  Grant grant{.grant = needs_.tables.ids().mint_as<GrantId>(), .account = created.account, .app = request.app};
  grant.scopes = known_scopes(request.scopes).value_or("read");
  Issued const issued = co_await issue(std::move(grant));
  answer.access_token = issued.access_token;
  answer.scope = issued.scope;
  answer.created_at = issued.created_at;
  co_return answer;
}

Task<void> Auth::send_confirmation(AccountId, std::string email, std::string code, std::string base_url) {
  Letter letter{.to = std::move(email)};
  letter.subject = "Confirm your address for " + settings_->community;
  letter.text = "Somebody, probably you, signed up to " + settings_->community +
                " with this address.\n\nOpen this link to confirm it:\n\n" + base_url + "/confirm?code=" + code +
                "\n\nIt is good for seven days. If it was not you, do nothing.\n";
  try {
    co_await needs_.mail.send(std::move(letter));
  } catch (Error const&) {
    // A mail server that is away must not undo a sign-up: the link can be asked for again.
  }
}

Task<SignedUp> Auth::confirm(Call call, ConfirmRequest request) {
  auto const parts = split_secret(request.code);
  AccountId const account{parts ? parts->first : 0};
  auto const row = co_await needs_.tables.get<Credential>({account});
  bool const fits = row && parts && !row->confirmation_hash.empty() &&
                    same(token_hash(parts->second), row->confirmation_hash) &&
                    needs_.clock.now() < row->confirmation_sent_at + confirmation_lives;
  if (!fits) throw Error{Code::not_found, "This link is not valid (any more)"};
  if (!row->confirmed) {
    Credential confirmed = *row;
    confirmed.confirmed = true;
    Change change;
    change.replace(row, confirmed);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.conflict()) throw Error{Code::conflict, "Please try again"};
  }
  users::ChangeState const state{.account = account, .confirmed = true};
  Call server = call;
  server.viewer = {};
  auto const person = co_await needs_.users.set_state(server, state);
  co_return SignedUp{.account = account, .pending = person.state != users::State::active};
}

Task<void> Auth::change_password(Call call, ChangePasswordRequest request) {
  signed_in(call);
  if (request.new_password.size() < password_min)
    throw wrong("password", "ERR_TOO_SHORT", "A password has at least 8 characters");
  auto const row = co_await needs_.tables.get<Credential>({call.viewer});
  bool const right =
      co_await needs_.passwords.verify(row ? row->password_hash : std::string(), std::move(request.old_password));
  if (!right) throw Error{Code::forbidden, "The old password is not right"};
  Credential changed = *row;
  changed.password_hash = co_await needs_.passwords.hash(std::move(request.new_password));
  Change change(call.operation);
  change.replace(row, changed);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) throw Error{Code::conflict, "This was changed elsewhere; please try again"};
  // Who knew the old password is logged out everywhere.
  Scan<GrantOf> const all{.partition = {call.viewer}, .limit = grants_max * 2};
  for (auto const& grant : co_await needs_.tables.scan<GrantOf>(all)) {
    auto const one = co_await needs_.tables.get<Grant>({grant->grant});
    if (one && one->browser) co_await revoke(one);
  }
}

}  // namespace kith::auth
