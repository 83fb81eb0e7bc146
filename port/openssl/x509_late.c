#include "x509_late.h"

#include <time.h>

bool x509_late_set(X509_VERIFY_PARAM *param, int64_t passed_unix)
{
	if (param == NULL)
		return false;
	X509_VERIFY_PARAM_set_time(param, (time_t)passed_unix);
	return true;
}

int x509_late_verify(int ok, X509_STORE_CTX *context)
{
	if (ok == 1 || X509_STORE_CTX_get_error(context) != X509_V_ERR_CERT_NOT_YET_VALID)
		return ok;
	X509_STORE_CTX_set_error(context, X509_V_OK);
	return 1;
}
